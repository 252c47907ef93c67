// Builds page.html: the page of `iceprobe web`, and the form of a saved report. One file that asks nobody for anything.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { root } from './setup.mjs';

const SOURCE = join(root, 'src', 'web', 'page');

/**
 * @param {string} outfile
 * @param {string} version
 */
export async function buildPage(outfile, version) {
  const [script, style] = await Promise.all([bundle('main.ts', version), bundle('style.css', version)]);
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'img-src data:',
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const body = readFileSync(join(SOURCE, 'index.html'), 'utf8')
    .replace('<!--style-->', () => `<style>${style}</style>`)
    .replace('<!--script-->', () => `<script type="module">${script}</script>`);
  const html = body.replace('<!--policy-->', `<meta http-equiv="Content-Security-Policy" content="${policy}">`);
  writeFileSync(outfile, html);
  // As it is served: the policy goes into a header.
  writeFileSync(`${outfile}.br`, brotliCompressSync(body.replace('<!--policy-->', '')));
}

/**
 * @param {string} entry
 * @param {string} version
 */
async function bundle(entry, version) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(SOURCE, entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    // `Array.prototype.toSorted` and its like: what each of them has had since 2023.
    target: ['chrome110', 'firefox115', 'safari16.4'],
    define: { __ICEPROBE_VERSION__: JSON.stringify(version) },
    logLevel: 'warning',
    legalComments: 'none',
    // Chinese as it is, not as escapes: half the size.
    charset: 'utf8',
    plugins: [withoutExplanations, withoutDescriptions, withoutWitness, chineseAsList],
  });
  const text = outputFiles[0]?.text ?? '';
  // The end tag may stand in no string of the script.
  return (entry.endsWith('.ts') ? await smaller(text) : text).trim().replaceAll('</script', '<\\/script');
}

/**
 * Names that repeat compress better: 4 KB of the page.
 * @param {string} script
 */
async function smaller(script) {
  const { minify } = await import('terser');
  const { code } = await minify(script, {
    module: true,
    ecma: 2020,
    // Statements by themselves are a few bytes longer, and repeat.
    compress: { passes: 2, sequences: false, join_vars: false },
  });
  if (code === undefined) throw new Error('nothing is left of the script of the page');
  return code;
}

/**
 * The long explanations of findings (`meaning`, `needs`, `users`) are for `iceprobe explain`: the page shows none of them,
 * and they are a third of its size.
 * @type {import('esbuild').Plugin}
 */
const withoutExplanations = {
  name: 'without-explanations',
  setup(build) {
    build.onLoad({ filter: /[\\/]diagnosis[\\/]text[\\/]en[\\/][\w-]+\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(EXPLANATION, ''),
      loader: 'ts',
    }));
  },
};

const EXPLANATION = /\b(?:meaning|needs|users):\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"),/g;

/**
 * Saved reports are held against the schema, in the page and in the terminal; its prose is for those who read the file.
 * @type {import('esbuild').Plugin}
 */
export const withoutDescriptions = {
  name: 'without-descriptions',
  setup(build) {
    build.onLoad({ filter: /[\\/]report\.schema\.json$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const isProse = (/** @type {string} */ key, /** @type {unknown} */ value) =>
        (key === 'description' && typeof value === 'string') ||
        // Enumerations are open: their words are prose too.
        ((key === 'enum' || key === 'examples') && Array.isArray(value));
      const { $schema, $id, title, ...schema } = JSON.parse(text, (key, value) =>
        isProse(key, value) ? undefined : turned(value),
      );
      return { contents: JSON.stringify(schema), loader: 'json' };
    });
  },
};

/**
 * A page is nobody's witness: what is said of that in a room it does not read, and it would pass it over if it did.
 * @type {import('esbuild').Plugin}
 */
const withoutWitness = {
  name: 'without-witness',
  setup(build) {
    build.onLoad({ filter: /[\\/]signaling[\\/]witness-message\.ts$/ }, () => ({
      contents: 'export const readWitness = () => undefined;',
    }));
  },
};

/**
 * The words of the page in their second language come without their names, which are those of the first one, in its order.
 * @type {import('esbuild').Plugin}
 */
const chineseAsList = {
  name: 'chinese-as-list',
  setup(build) {
    build.onLoad({ filter: /[\\/]strings[\\/]zh\.ts$/ }, async ({ path }) => {
      const [{ EN }, { ZH }] = await Promise.all([tableOf(path.replace(/zh\.ts$/, 'en.ts')), tableOf(path)]);
      const words = Object.keys(EN).map((key) => ZH[key]);
      const contents = `import { EN } from './en.ts';
        const words = ${JSON.stringify(words)};
        export const ZH = Object.fromEntries(Object.keys(EN).map((key, at) => [key, words[at]]));`;
      return { contents, loader: 'js' };
    });
  },
};

/** @param {string} path */
async function tableOf(path) {
  const { transformSync } = await import('esbuild');
  const { code } = transformSync(readFileSync(path, 'utf8'), { loader: 'ts', format: 'esm', charset: 'utf8' });
  return await import(`data:text/javascript,${encodeURIComponent(code)}`);
}

/**
 * Most fields are required: the others are named in their place, which saves a kilobyte.
 * @param {any} schema
 */
function turned(schema) {
  if (schema?.type !== 'object' || typeof schema.properties !== 'object') return schema;
  const { required = [], ...rest } = schema;
  return { ...rest, optional: Object.keys(schema.properties).filter((name) => !required.includes(name)) };
}

/** @param {string} text */
function hashOf(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
