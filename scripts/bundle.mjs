// Runs TypeScript that is no part of the package (measuring, fuzzing, soaking) bundled as the command is.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureDependencies, root } from './setup.mjs';

/**
 * Bundles a source file of the project and runs it in this process with these arguments. The bundle lies two folders below
 * the project's, as its sources' helpers do.
 * @param {string} source  relative to the project
 * @param {readonly string[]} args
 * @param {{ readonly sourceMaps?: boolean, readonly inPlace?: RegExp }} [options]  `sourceMaps`: so that errors name a place
 *   in the sources; `inPlace`: paths of modules that look for files beside themselves, where they stand
 */
export async function runBundled(source, args, { sourceMaps = false, inPlace } = {}) {
  await ensureDependencies();
  const { build } = await import('esbuild');
  const { ownPlace } = await import('./bundle-script.mjs');
  const outdir = join(root, '.iceprobe', `run-${process.pid}`);
  mkdirSync(outdir, { recursive: true });
  const outfile = join(outdir, 'main.mjs');
  try {
    await build({
      absWorkingDir: root,
      entryPoints: [join(root, source)],
      outfile,
      bundle: true,
      // What we are compared with runs as it is installed.
      packages: 'external',
      define: { __ICEPROBE_VERSION__: '"bench"' },
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      sourcemap: sourceMaps ? 'inline' : false,
      logLevel: 'warning',
      plugins: inPlace === undefined ? [] : [ownPlace(inPlace)],
    });
    process.argv.splice(2, process.argv.length, ...args);
    process.setSourceMapsEnabled(sourceMaps);
    await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
