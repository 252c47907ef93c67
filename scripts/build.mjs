// Builds dist/: the command (cli.js), the library (index.js), a peer of a call (peer.js), the page (page.html), its declarations, and of what is bundled the licences and a bill of materials.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundleHooks, bundlePackages, packagesApart, pointToPackages } from './build-packages.mjs';
import { buildPage, withoutDescriptions } from './build-page.mjs';
import { billOfMaterials, bundledPackages, licences } from './bundled-packages.mjs';
import { makeManual } from './manual.mjs';
import { ensureDependencies, hashOfSources, orExplain, root, runQuietly } from './setup.mjs';

/** Kept beside the types that they describe; the package's test insists on them. */
const SCHEMAS = [
  join(root, 'src', 'record', 'targets.schema.json'),

  join(root, 'src', 'record', 'report.schema.json'),
  join(root, 'src', 'check', 'targets', 'config.schema.json'),
];

/** Builds beside dist/ and then puts the result in its place, so that a failed build leaves the last good one. */
export async function build() {
  const staging = join(root, '.iceprobe', `build-${process.pid}`);
  const target = join(root, 'dist');
  const inputs = hashOfSources();
  mkdirSync(staging, { recursive: true });
  try {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    await Promise.all([
      bundle(staging, version),
      declarations(staging),
      buildPage(join(staging, 'page.html'), version),
      manual(join(staging, 'iceprobe.1.gz'), version),
    ]);
    for (const schema of SCHEMAS) writeFileSync(join(staging, basename(schema)), compact(readFileSync(schema, 'utf8')));
    writeFileSync(join(staging, '.inputs'), inputs);
    if (existsSync(target)) renameSync(target, `${staging}-previous`);
    renameSync(staging, target);
  } finally {
    rmSync(staging, { recursive: true, force: true });
    rmSync(`${staging}-previous`, { recursive: true, force: true });
  }
}

/**
 * White space is a third of a schema, and programs read it.
 * @param {string} json
 */
function compact(json) {
  return `${JSON.stringify(JSON.parse(json))}\n`;
}

/**
 * Everything in a few files, packages included: installing iceprobe installs nothing else, and Node opens five files
 * instead of a hundred. What is imported lazily stays a file of its own. Not minified, the packages of others aside: a stack
 * trace must be readable.
 * @param {string} outdir
 * @param {string} version
 */
async function bundle(outdir, version) {
  const { build: esbuild } = await import('esbuild');
  const { metafile } = await esbuild({
    absWorkingDir: root,
    entryPoints: {
      cli: 'src/cli/main.ts',
      index: 'src/index.ts',
      vitest: 'src/vitest.ts',
      peer: 'src/call/peer/main.ts',
    },
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    define: { __ICEPROBE_VERSION__: JSON.stringify(version) },
    external: ['vitest'],
    metafile: true,
    logLevel: 'warning',
    plugins: [withoutDescriptions, packagesApart],
  });
  const theirs = await Promise.all([bundlePackages(outdir), bundleHooks(outdir)]);
  pointToPackages(outdir);
  const packages = bundledPackages(metafile, ...theirs);
  writeFileSync(join(outdir, 'THIRD-PARTY-LICENSES.txt'), licences(packages));
  writeFileSync(join(outdir, 'sbom.cdx.json'), billOfMaterials(packages, version));
}

/**
 * @param {string} outfile
 * @param {string} version
 */
async function manual(outfile, version) {
  // Builds are compared: the date is that of what changed last for users.
  const page = await makeManual(version, statSync(join(root, 'CHANGELOG.md')).mtime);
  writeFileSync(outfile, gzipSync(page, { level: 9 }));
}

/**
 * Those that the library's own lead to; a quarter of what the compiler writes.
 * @param {string} outdir
 */
async function declarations(outdir) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const all = `${outdir}-types`;
  try {
    await runQuietly(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', all]);
    const waiting = ['index.d.ts', 'vitest.d.ts'];
    for (const file of waiting) {
      const text = readFileSync(join(all, file), 'utf8');
      // Our sources import each other as `.ts`, which the declarations keep and only recent compilers understand.
      const imports = text.replace(/((?:from|import)\s*\(?\s*['"])(\.[^'"]*)\.ts(?=['"])/g, (_, before, path) => {
        const imported = join(dirname(file), `${path}.d.ts`);
        if (!waiting.includes(imported)) waiting.push(imported);
        return `${before}${path}.js`;
      });
      const outfile = join(outdir, 'types', file);
      mkdirSync(dirname(outfile), { recursive: true });
      // A tab for each four spaces: a tenth of their size.
      writeFileSync(
        outfile,
        imports.replace(/^(?: {4})+/gm, (indent) => '\t'.repeat(indent.length / 4)),
      );
    }
  } finally {
    rmSync(all, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await orExplain(async () => {
    await ensureDependencies();
    await build();
  });
}
