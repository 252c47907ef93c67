// `npm run bench -- NAME [arguments]`: bundles bench/NAME.ts as the command is bundled, and runs it.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuild, ensureDependencies, orExplain, root } from './setup.mjs';

const folder = join(root, 'bench');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
const [name = '', ...rest] = process.argv.slice(2);

if (!names.includes(name)) {
  console.error(`usage: npm run bench -- ${names.join('|')} [arguments]`);
  process.exitCode = 2;
} else {
  await orExplain(async () => {
    await ensureDependencies();
    // Some measure the command itself; where they find it is the folder that they run in.
    await ensureBuild();
    process.chdir(root);
    const { build } = await import('esbuild');
    const outdir = join(root, '.iceprobe', `bench-${process.pid}`);
    mkdirSync(outdir, { recursive: true });
    const outfile = join(outdir, `${name}.mjs`);
    try {
      await build({
        absWorkingDir: root,
        entryPoints: [join(folder, `${name}.ts`)],
        outfile,
        bundle: true,
        // What we are compared with runs as it is installed.
        packages: 'external',
        define: { __ICEPROBE_VERSION__: '"bench"' },
        format: 'esm',
        platform: 'node',
        target: 'node20.19',
        logLevel: 'warning',
      });
      process.argv.splice(2, process.argv.length, ...rest);
      await import(pathToFileURL(outfile).href);
    } finally {
      rmSync(outdir, { recursive: true, force: true });
    }
  });
}
