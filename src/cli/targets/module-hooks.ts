import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transform } from 'sucrase';

/**
 * What Node is given to load `iceprobe.config.ts`: its types are taken off, whatever version of Node it is, and `iceprobe`
 * is this package, wherever it was started from. It touches nothing but the configuration and what that imports by relative
 * paths. Runs in Node's own thread for such hooks where there is one: it keeps no state and imports nothing of ours.
 */

/** Marks the configuration and what it imports; its value differs from one reading to the next, so that each reads anew. */
export const MARK = 'iceprobe-config';

interface Resolved {
  readonly url: string;
  readonly format?: string | undefined;
  readonly shortCircuit?: boolean;
}

interface Loaded {
  readonly format: string;
  readonly source: string;
  readonly shortCircuit: boolean;
}

type Next<T, Context> = (specifier: string, context: Context) => T;

/** The `resolve` hook, of either kind: what it does itself it does at once. */
export function resolve<T, Context extends { readonly parentURL?: string | undefined }>(
  specifier: string,
  context: Context,
  next: Next<T, Context>,
): T | Resolved {
  const mark = markOf(context.parentURL);
  if (mark === null || context.parentURL === undefined) return next(specifier, context);
  if (specifier === 'iceprobe') return { url: ownLibrary(), shortCircuit: true };
  if (!/^\.{1,2}\//.test(specifier)) return next(specifier, context);
  const path = existing(fileURLToPath(new URL(specifier, context.parentURL)));
  if (path === undefined) return next(specifier, context);
  const url = pathToFileURL(path);
  url.searchParams.set(MARK, mark);
  return { url: url.href, shortCircuit: true };
}

/** The `load` hook: TypeScript without its types. */
export function load<T, Context>(url: string, context: Context, next: Next<T, Context>): T | Loaded {
  if (markOf(url) === null || !/\.m?ts$/.test(new URL(url).pathname)) return next(url, context);
  const path = fileURLToPath(url);
  const { code } = transform(readFileSync(path, 'utf8'), {
    transforms: ['typescript'],
    // Node knows all of today's JavaScript: nothing but the types goes, and lines stay where they are.
    disableESTransforms: true,
    filePath: path,
  });
  return { format: 'module', source: code, shortCircuit: true };
}

function markOf(url: string | undefined): string | null {
  if (url === undefined || !url.startsWith('file:')) return null;
  return new URL(url).searchParams.get(MARK);
}

/** As bundlers resolve it: `./servers`, and `./servers.js` for what is still `servers.ts`. */
function existing(path: string): string | undefined {
  const stem = path.replace(/\.(m?)js$/, '.$1ts');
  return [path, stem, `${path}.ts`, `${path}.mts`, `${path}.js`, `${path}.mjs`].find(
    (each) => existsSync(each) && statSync(each).isFile(),
  );
}

/** Beside this file in the package. */
function ownLibrary(): string {
  return new URL('./index.js', import.meta.url).href;
}
