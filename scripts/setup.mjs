// What a fresh clone lacks, and how to get it. Runs on bare Node: nothing from node_modules may be imported here.
// Says nothing when there is nothing to do; what it does say goes to stderr, since stdout belongs to the command.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Installs node_modules if it is absent or does not hold what package-lock.json asks for. */
export async function ensureDependencies() {
  if (dependenciesAreCurrent()) return;
  say('installing what package-lock.json names (npm ci)');
  // Development packages too, whatever NODE_ENV says: the build needs them.
  await runQuietly(...npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'));
}

/** Builds dist/ if it is absent or was built from other sources. */
export async function ensureBuild() {
  if (buildIsCurrent()) return;
  say('building');
  const { build } = await import('./build.mjs');
  await build();
}

/**
 * npm leaves a list of what it really installed in node_modules. Comparing contents instead of times survives switching
 * branches, and an installation by hand.
 */
function dependenciesAreCurrent() {
  const installedList = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedList)) return false;
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(installedList);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** Where a build notes what it was made from. */
export const buildStamp = join(root, 'dist', '.inputs');

function buildIsCurrent() {
  return existsSync(buildStamp) && readFileSync(buildStamp, 'utf8') === hashOfSources();
}

/** One hash over everything that a build reads, names included. */
export function hashOfSources() {
  const hash = createHash('sha256');
  const single = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/build.mjs',
    'scripts/build-page.mjs',
  ];
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of [...single.map((name) => join(root, name)), ...files]) {
    const bytes = readFileSync(file);
    hash.update(`${file.slice(root.length)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** @param {string} text */
export function say(text) {
  process.stderr.write(`iceprobe: ${text}\n`);
}

/** A failed step: its message is for the person, without a stack. */
export class SetupError extends Error {}

/**
 * Runs `step`, and ends the process with status 1 and the reason if it could not be done.
 * @param {() => Promise<void>} step
 */
export async function orExplain(step) {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exit(1);
  }
}

/**
 * Runs a command in the project's folder, showing its output only if it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<void>}
 */
export function runQuietly(command, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    /** @type {Buffer[]} */
    const output = [];
    child.stdout.on('data', (bytes) => output.push(bytes));
    child.stderr.on('data', (bytes) => output.push(bytes));
    child.on('error', (error) => reject(new SetupError(`${command} could not be started: ${error.message}`)));
    child.on('close', (status, signal) => {
      if (status === 0) resolve();
      else {
        const shown = Buffer.concat(output).toString('utf8').trimEnd();
        reject(new SetupError(`${command} ${args.join(' ')} failed (${signal ?? status}):\n${shown}`));
      }
    });
  });
}

/**
 * The npm that runs us, else the one on the PATH. Through Node, because Windows cannot start `npm.cmd` without a shell.
 * @param {...string} args
 * @returns {[string, string[]]}
 */
export function npm(...args) {
  const own = process.env['npm_execpath'];
  return own?.endsWith('.js') && existsSync(own) ? [process.execPath, [own, ...args]] : ['npm', args];
}
