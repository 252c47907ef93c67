// Builds dist/: the command (cli.js), the library (index.js), a peer of a call (peer.js), the page (page.html), its declarations, and of what is bundled the licences and a bill of materials.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
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
 * instead of a hundred. What is imported lazily stays a file of its own. Not minified: a stack trace must be readable.
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
    // ws is CommonJS and asks for Node's own modules by `require`, which an ES module does not have.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    define: { __ICEPROBE_VERSION__: JSON.stringify(version) },
    external: ['vitest'],
    metafile: true,
    logLevel: 'warning',
    plugins: [withoutDescriptions],
  });
  const packages = bundledPackages(metafile, await bundleHooks(outdir));
  writeFileSync(join(outdir, 'THIRD-PARTY-LICENSES.txt'), licences(packages));
  writeFileSync(join(outdir, 'sbom.cdx.json'), billOfMaterials(packages, version));
}

/**
 * What reads configurations in TypeScript: a compiler of others, whose stack traces help nobody. Minified it is a third.
 * @param {string} outdir
 */
async function bundleHooks(outdir) {
  const { build: esbuild } = await import('esbuild');
  const outfile = join(outdir, 'config-hooks.js');
  const { metafile } = await esbuild({
    absWorkingDir: root,
    entryPoints: ['src/cli/targets/module-hooks.ts'],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Its ES modules, of which the half stays that is used.
    alias: { sucrase: 'sucrase/dist/esm/index.js' },
    metafile: true,
    logLevel: 'warning',
  });
  // As esbuild does it where it does not minify.
  appendFileSync(
    outfile,
    bundledPackages(metafile)
      .map(({ folder }) => `// ${folder}/\n`)
      .join(''),
  );
  return metafile;
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

/** @param {string} outdir */
async function declarations(outdir) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = join(outdir, 'types');
  await runQuietly(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', types]);
  for (const file of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue;
    const text = readFileSync(join(types, file), 'utf8');
    // Our sources import each other as `.ts`, which the declarations keep and only recent compilers understand.
    const imports = text.replace(/((?:from|import)\s*\(?\s*['"]\.[^'"]*)\.ts(?=['"])/g, '$1.js');
    // A tab for each four spaces: a tenth of their size.
    writeFileSync(
      join(types, file),
      imports.replace(/^(?: {4})+/gm, (indent) => '\t'.repeat(indent.length / 4)),
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await orExplain(async () => {
    await ensureDependencies();
    await build();
  });
}
