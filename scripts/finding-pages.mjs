// Writes docs/findings from the catalogue of findings. `--check` only compares.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './setup.mjs';

const FOLDER = join(root, 'docs', 'findings');

/** The pages as they should be: name and text. */
export async function makePages() {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/report/finding-pages.ts'],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    write: false,
    logLevel: 'warning',
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  const { findingPages } = await import(`data:text/javascript;base64,${code}`);
  return /** @type {{ name: string, text: string }[]} */ (findingPages());
}

/** What differs from the catalogue: names of pages that are missing, old, or nobody's. */
export async function outdatedPages() {
  const pages = await makePages();
  const names = new Set(pages.map(({ name }) => name));
  const present = readdirSync(FOLDER);
  return [
    ...pages
      .filter(({ name, text }) => !present.includes(name) || readFileSync(join(FOLDER, name), 'utf8') !== text)
      .map(({ name }) => name),
    ...present.filter((name) => !names.has(name)),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--check')) {
    const outdated = await outdatedPages();
    if (outdated.length > 0) {
      console.error(`docs/findings is not what the catalogue says (${outdated.join(', ')}): run npm run findings`);
      process.exitCode = 1;
    }
  } else {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    for (const { name, text } of await makePages()) writeFileSync(join(FOLDER, name), text);
  }
}
