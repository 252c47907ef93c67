// Makes a program of the tests, written in TypeScript, one that plain `node` can run: in a namespace of the lab, or killed
// on its own.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, transform } from 'esbuild';
import { root } from './setup.mjs';

/** Where what the tests build is kept from one run to the next. */
export const testCache = join(root, 'node_modules', '.cache', 'iceprobe-lab');

/**
 * Bundles a script and returns the path of the result, which is named after its contents.
 * @param {string} entry  its path
 * @returns {Promise<string>}
 */
export async function bundleScript(entry) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
    plugins: [ownPlace(/\.(ts|mjs)$/)],
  });
  const text = result.outputFiles[0]?.text ?? '';
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const target = join(testCache, `${basename(entry, '.ts')}-${hash}.mjs`);
  if (existsSync(target)) return target;
  mkdirSync(testCache, { recursive: true });
  const unfinished = `${target}.${process.pid}`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, target);
  return target;
}

/**
 * Modules that look for files beside themselves must find them although the bundle stands elsewhere.
 * @param {RegExp} filter  paths of such modules
 * @returns {import('esbuild').Plugin}
 */
export function ownPlace(filter) {
  return { name: 'own-place', setup: (to) => to.onLoad({ filter }, ({ path }) => loadInPlace(path)) };
}

/**
 * @param {string} path
 * @returns {Promise<{ contents: string, loader: 'js' }>}
 */
async function loadInPlace(path) {
  const define = {
    'import.meta.url': JSON.stringify(pathToFileURL(path).href),
    'import.meta.dirname': JSON.stringify(dirname(path)),
  };
  const loader = path.endsWith('.ts') ? 'ts' : 'js';
  const { code } = await transform(readFileSync(path, 'utf8'), { loader, define, target: 'node20' });
  return { contents: code, loader: 'js' };
}
