// Makes the manual page from the tables of options, for the package.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './setup.mjs';

/**
 * @param {string} version  of the package
 * @param {Date} date       of the page
 */
export async function makeManual(version, date) {
  const { build } = await import('esbuild');
  const folder = mkdtempSync(join(root, '.iceprobe', 'manual-'));
  try {
    const outfile = join(folder, 'manual.mjs');
    await build({
      absWorkingDir: root,
      entryPoints: ['src/cli/manual.ts'],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      packages: 'external',
      define: { __ICEPROBE_VERSION__: JSON.stringify(version) },
      logLevel: 'warning',
    });
    const { manualPage } = await import(pathToFileURL(outfile).href);
    return /** @type {string} */ (await manualPage(date.toISOString().slice(0, 10)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
