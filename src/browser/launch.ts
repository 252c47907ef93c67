import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstalledBrowser } from './find.ts';

export interface LaunchedBrowser extends AsyncDisposable {
  /** Resolves once it has ended by itself, to what it said last. Never rejects. */
  readonly ended: Promise<string>;
}

/** Opens a URL in a browser without a window and with a profile of its own, which is gone with it. */
export function launchBrowser(browser: InstalledBrowser, url: string): LaunchedBrowser {
  const profile = mkdtempSync(join(tmpdir(), 'iceprobe-browser-'));
  if (browser.kind === 'firefox') writeFileSync(join(profile, 'user.js'), FIREFOX_PREFERENCES);
  const args = browser.kind === 'firefox' ? firefoxArguments(profile, url) : chromiumArguments(profile, url);
  // A group of its own: a browser is many processes, and all of them have to end.
  const detached = process.platform !== 'win32';
  // What Chromium puts beside its profile is gone with it, too; elsewhere than on Linux the path would be too long for its socket.
  const env = process.platform === 'linux' ? { ...process.env, TMPDIR: profile } : process.env;
  const child = spawn(browser.path, args, { stdio: ['ignore', 'ignore', 'pipe'], detached, env });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  const kill = (): void => killAll(child, detached);
  process.once('exit', kill);
  const witness = detached ? startWitness(child.pid, profile) : undefined;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', () => resolve(said.trim()));
  });
  return {
    ended,
    async [Symbol.asyncDispose]() {
      kill();
      await ended;
      process.off('exit', kill);
      witness?.kill('SIGKILL');
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/**
 * A shell that ends the browser and removes its profile once this process is gone, also by SIGKILL: nothing is written to
 * its input, which the system closes then.
 */
function startWitness(group: number | undefined, profile: string): ChildProcess | undefined {
  if (group === undefined) return undefined;
  const script = 'read -r nothing; kill -9 "-$1" 2>/dev/null; sleep 0.2; rm -rf -- "$2"';
  const witness = spawn('/bin/sh', ['-c', script, 'sh', String(group), profile], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell there is none: the browser then outlives only SIGKILL.
  witness.once('error', () => {});
  // It must keep nothing alive.
  witness.unref();
  (witness.stdin as Partial<Pick<ChildProcess, 'unref'>>).unref?.();
  return witness;
}

function chromiumArguments(profile: string, url: string): string[] {
  // Its sandbox refuses to run as root; the page is our own.
  const isRoot = process.getuid?.() === 0;
  return [
    '--headless=new',
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-gpu',
    '--disable-quic',
    ...(isRoot ? ['--no-sandbox'] : []),
    url,
  ];
}

function firefoxArguments(profile: string, url: string): string[] {
  return ['--headless', '--no-remote', '--profile', profile, url];
}

/** No first-run page, no update and no telemetry: nothing but our page is asked for. */
const FIREFOX_PREFERENCES = [
  ['browser.shell.checkDefaultBrowser', false],
  ['browser.startup.homepage_override.mstone', 'ignore'],
  ['browser.aboutwelcome.enabled', false],
  ['datareporting.policy.dataSubmissionEnabled', false],
  ['toolkit.telemetry.reportingpolicy.firstRun', false],
  ['termsofuse.bypassNotification', true],
  ['app.update.auto', false],
  ['app.normandy.enabled', false],
  ['extensions.update.enabled', false],
  ['network.captive-portal-service.enabled', false],
  ['network.connectivity-service.enabled', false],
]
  .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
  .join('');

function killAll(child: ChildProcess, isGroup: boolean): void {
  const { pid, exitCode, signalCode } = child;
  if (pid === undefined) return;
  try {
    // Helpers of a browser may outlive their parent: the group is ended in any case.
    if (isGroup) process.kill(-pid, 'SIGKILL');
    else if (exitCode === null && signalCode === null) child.kill('SIGKILL');
  } catch {
    // It is gone already.
  }
}
