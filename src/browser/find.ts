import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type BrowserKind = 'chromium' | 'firefox';

export interface InstalledBrowser {
  /** As a person calls it: `Chrome`. */
  readonly name: string;
  /** How it is started and told what to do. */
  readonly kind: BrowserKind;
  readonly path: string;
}

interface Known {
  readonly name: string;
  readonly kind: BrowserKind;
  readonly commands: readonly string[];
  readonly mac: readonly string[];
  /** Below `Program Files` or the user's own programs. */
  readonly windows: readonly string[];
}

/** In the order of preference: what most people's calls run in comes first. */
const KNOWN: readonly Known[] = [
  {
    name: 'Chrome',
    kind: 'chromium',
    commands: ['google-chrome', 'google-chrome-stable'],
    mac: ['Google Chrome.app/Contents/MacOS/Google Chrome'],
    windows: ['Google\\Chrome\\Application\\chrome.exe'],
  },
  {
    name: 'Chromium',
    kind: 'chromium',
    commands: ['chromium', 'chromium-browser'],
    mac: ['Chromium.app/Contents/MacOS/Chromium'],
    windows: ['Chromium\\Application\\chrome.exe'],
  },
  {
    name: 'Edge',
    kind: 'chromium',
    commands: ['microsoft-edge', 'microsoft-edge-stable'],
    mac: ['Microsoft Edge.app/Contents/MacOS/Microsoft Edge'],
    windows: ['Microsoft\\Edge\\Application\\msedge.exe'],
  },
  {
    name: 'Firefox',
    kind: 'firefox',
    commands: ['firefox', 'firefox-esr'],
    mac: ['Firefox.app/Contents/MacOS/firefox'],
    windows: ['Mozilla Firefox\\firefox.exe'],
  },
];

export const BROWSER_NAMES: readonly string[] = KNOWN.map(({ name }) => name.toLowerCase());

/** What is looked at to find a browser; tests put another machine there. */
export interface Machine {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isExecutable: (path: string) => boolean;
}

export const thisMachine = (): Machine => ({ platform: process.platform, env: process.env, isExecutable });

/**
 * An installed browser: the one that is wanted by name (`firefox`) or by path, else the first that is found. undefined
 * where there is none.
 */
export function findBrowser(wanted?: string, machine: Machine = thisMachine()): InstalledBrowser | undefined {
  if (wanted !== undefined && /[\\/]/.test(wanted)) {
    if (!machine.isExecutable(wanted)) return undefined;
    return { name: wanted, kind: /firefox/i.test(wanted) ? 'firefox' : 'chromium', path: wanted };
  }
  for (const known of KNOWN) {
    if (wanted !== undefined && known.name.toLowerCase() !== wanted.toLowerCase()) continue;
    const path = placesOf(known, machine).find(machine.isExecutable);
    if (path !== undefined) return { name: known.name, kind: known.kind, path };
  }
  return undefined;
}

function placesOf(known: Known, { platform, env }: Machine): string[] {
  if (platform === 'darwin') {
    const folders = ['/Applications', join(env['HOME'] ?? '', 'Applications')];
    return folders.flatMap((folder) => known.mac.map((path) => join(folder, path)));
  }
  if (platform === 'win32') {
    const folders = [env['ProgramFiles'], env['ProgramFiles(x86)'], env['LOCALAPPDATA']];
    return folders.flatMap((folder) => (folder ? known.windows.map((path) => `${folder}\\${path}`) : []));
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return known.commands.flatMap((command) => folders.map((folder) => join(folder, command)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
