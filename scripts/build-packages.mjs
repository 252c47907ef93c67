// Bundles the packages of others that the command needs, each into a file of its own in dist/chunks, minified: nobody reads
// their code in ours, and it is half the size. Our own code stays readable, for the sake of stack traces.
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledPackages } from './bundled-packages.mjs';
import { root } from './setup.mjs';

/** What our sources import, each with its types at most beside it. Anything else is bundled with ours. */
const PACKAGES = ['chalk', 'ws', 'yargs/helpers'];

/**
 * Of yargs the parser: help, completion and messages are made from our own table of options, and what they would take makes
 * an Intl.Segmenter three times at each start.
 * @type {import('esbuild').Plugin}
 */
const parserAlone = {
  name: 'parser-alone',
  setup(build) {
    build.onResolve({ filter: /^yargs\/helpers$/ }, ({ kind, path }) =>
      kind === 'entry-point' ? { path, namespace: 'parser' } : undefined,
    );
    build.onLoad({ filter: /^/, namespace: 'parser' }, () => ({
      contents: "export { Parser } from 'yargs/helpers';",
      resolveDir: root,
    }));
    // Nothing happens while these are loaded, which they do not say of themselves: what is not used can go.
    build.onResolve({ filter: /^/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (pluginData === parserAlone || !/\/node_modules\/yargs\//.test(importer)) return undefined;
      return {
        ...(await build.resolve(path, { importer, kind, resolveDir, pluginData: parserAlone })),
        sideEffects: false,
      };
    });
  },
};

/** @param {string} name  `yargs/helpers` */
const fileOf = (name) => name.replace('/', '-');

/** ws is CommonJS and asks for Node's own modules by `require`, which an ES module does not have. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/**
 * @param {string} outdir  dist/ as it is being built
 * @returns {Promise<import('esbuild').Metafile>}
 */
export async function bundlePackages(outdir) {
  return await bundleMinified({
    entryPoints: Object.fromEntries(PACKAGES.map((name) => [fileOf(name), name])),
    outdir: join(outdir, 'chunks'),
    banner: { js: REQUIRE },
    plugins: [parserAlone],
  });
}

/**
 * What reads configurations in TypeScript: a compiler of others.
 * @param {string} outdir  dist/ as it is being built
 * @returns {Promise<import('esbuild').Metafile>}
 */
export async function bundleHooks(outdir) {
  return await bundleMinified({
    entryPoints: { 'config-hooks': 'src/cli/targets/module-hooks.ts' },
    outdir,
    // Its ES modules, of which the half stays that is used.
    alias: { sucrase: 'sucrase/dist/esm/index.js' },
  });
}

/**
 * Leaves the packages of {@link bundlePackages} out of our own bundle: they stay imports, as names that {@link pointToPackages}
 * makes paths of.
 * @type {import('esbuild').Plugin}
 */
export const packagesApart = {
  name: 'packages-apart',
  setup(build) {
    const filter = new RegExp(`^(?:${PACKAGES.join('|')})$`);
    build.onResolve({ filter }, ({ path }) => ({ path: `iceprobe-package:${path}`, external: true }));
  },
};

/**
 * Only when everything is written is it known from which folder each file imports.
 * @param {string} outdir  dist/ as it is being built
 */
export function pointToPackages(outdir) {
  pointTo(outdir, './chunks/');
  pointTo(join(outdir, 'chunks'), './');
}

/**
 * @param {string} folder
 * @param {string} chunks  as its files name the packages' folder
 */
function pointTo(folder, chunks) {
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.js'))) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    const pointed = text.replace(/"iceprobe-package:([\w/]+)"/g, (_, name) => `"${chunks}${fileOf(name)}.js"`);
    if (pointed !== text) writeFileSync(path, pointed);
  }
}

/** @param {import("esbuild").BuildOptions} options */
async function bundleMinified(options) {
  const { build } = await import('esbuild');
  const { metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
    ...options,
    metafile: true,
  });
  // As esbuild does it where it does not minify: what is in a file can be seen in the file.
  for (const [path, output] of Object.entries(metafile.outputs)) {
    const folders = bundledPackages({ inputs: {}, outputs: { [path]: output } }).map(({ folder }) => `// ${folder}/\n`);
    appendFileSync(join(root, path), folders.join(''));
  }
  return metafile;
}
