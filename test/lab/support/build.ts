import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '../../..');
const CACHE = join(ROOT, 'node_modules/.cache/iceprobe-lab');

const made = new Map<string, Promise<string>>();

/** Builds one of the lab's Go programs (`wire`, `pion`) and returns its path; built once per state of its sources. */
export function buildGo(name: 'wire' | 'pion'): Promise<string> {
  return once(name, compile);
}

/** Bundles a program of the lab written in TypeScript so that plain `node` can run it, and returns its path. */
export function buildScript(file: string): Promise<string> {
  return once(file, bundle);
}

function once(name: string, make: (name: string) => Promise<string>): Promise<string> {
  let result = made.get(name);
  if (result === undefined) {
    result = make(name);
    made.set(name, result);
  }
  return result;
}

async function compile(name: string): Promise<string> {
  const folder = join(import.meta.dirname, '..', name);
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)));
  const target = join(CACHE, `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(target)) return target;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${target}.${process.pid}`; // two test files may build at once
  // Debian ships Go libraries as sources under this path, outside of modules.
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '', CGO_ENABLED: '0' };
  await promisify(execFile)('go', ['build', '-trimpath', '-o', unfinished, '.'], { cwd: folder, env });
  renameSync(unfinished, target);
  return target;
}

async function bundle(file: string): Promise<string> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, file)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    plugins: [
      { name: 'own-place', setup: (to) => to.onLoad({ filter: /\.(ts|mjs)$/ }, ({ path }) => loadInPlace(path)) },
    ],
  });
  const text = result.outputFiles[0]?.text ?? '';
  mkdirSync(CACHE, { recursive: true });
  const target = join(
    CACHE,
    `${file.replace(/\W+/g, '-')}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.mjs`,
  );
  if (!existsSync(target)) {
    const unfinished = `${target}.${process.pid}`;
    writeFileSync(unfinished, text);
    renameSync(unfinished, target);
  }
  return target;
}

/** Modules that look for files beside themselves must find them although the bundle stands elsewhere. */
function loadInPlace(path: string): { contents: string; loader: 'ts' | 'js' } {
  const contents = readFileSync(path, 'utf8')
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
  return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
}
