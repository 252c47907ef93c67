// What a user installs: packages, megabytes and seconds, beside the others that gather, or serve, from npm. Each into an empty
// folder, from the registry or npm's cache: install them once before, and only the ratios mean something.
//
// Target: less than 3 MB.
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { npm } from '../scripts/setup.mjs';
import { keepRow, times } from './support/rows.ts';

const MOST_BYTES = 3_000_000;
const PEERS = ['stun', '@msimerson/stun', 'werift-ice', 'werift', 'node-turn', 'node-datachannel', '@roamhq/wrtc'];

interface Installed {
  readonly packages: number;
  readonly bytes: number;
  readonly seconds: number;
}

const packed = JSON.parse(
  run(['pack', '--json', '--ignore-scripts', '--pack-destination', tmpdir()], resolve('.')),
) as unknown;
const [archive] = Object.values(packed as Record<string, { readonly filename: string }>);
const own = install(join(tmpdir(), archive?.filename ?? ''));
if (own === undefined) throw new Error('our own package cannot be installed');
console.log('installed into an empty folder\n');
console.log(`  ${'iceprobe'.padEnd(18)} ${told(own)}`);
keepRow({
  what: 'installed: size',
  ours: `${(own.bytes / 1e6).toFixed(2)} MB, ${own.packages} package`,
  peer: 'the limit',
  theirs: '3 MB',
  ratio: `${(own.bytes / MOST_BYTES).toFixed(2)} of it`,
  target: { text: 'less than 3 MB', met: own.bytes < MOST_BYTES },
});
for (const name of PEERS) {
  const theirs = install(name);
  console.log(`  ${name.padEnd(18)} ${theirs === undefined ? 'cannot be installed here' : told(theirs)}`);
  if (theirs === undefined) continue;
  keepRow({
    what: 'installed',
    ours: told(own),
    peer: name,
    theirs: told(theirs),
    ratio: `${times(theirs.bytes / own.bytes)} the size`,
  });
}
rmSync(join(tmpdir(), archive?.filename ?? ''), { force: true });

function told({ packages, bytes, seconds }: Installed): string {
  return `${packages} packages, ${(bytes / 1e6).toFixed(1)} MB, ${seconds.toFixed(1)} s`;
}

/** Undefined where it cannot be had, or its install script fails. */
function install(what: string): Installed | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'iceprobe-install-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const startedAt = performance.now();
    // Without scripts: what would download a prebuilt binary is not here to do so, and is smaller by that.
    run(['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', what], folder);
    const seconds = (performance.now() - startedAt) / 1000;
    const files = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' });
    const sizes = files.map((path) => lstatSync(join(folder, 'node_modules', path))).filter((each) => each.isFile());
    const packages = files.filter((path) => /(^|node_modules\/)(@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(path));
    return { packages: packages.length, bytes: sizes.reduce((sum, { size }) => sum + size, 0), seconds };
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(args: readonly string[], cwd: string): string {
  const [command, all] = npm('--loglevel=error', ...args);
  const { status, stdout, stderr, error } = spawnSync(command, all, { cwd, encoding: 'utf8', timeout: 120_000 });
  if (error !== undefined || status !== 0) throw error ?? new Error(stderr);
  return stdout;
}
