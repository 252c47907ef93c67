import { type Random, randomInteger } from '../../src/core/random.ts';
import { pick } from '../support/random-message.ts';

type Mutation = (random: Random, text: string, world: World) => string;

interface World {
  readonly others: readonly string[];
  readonly words: readonly string[];
  readonly maxLength: number;
}

/** The text, changed in one to four ways of those that find defects in readers of text. */
export function mutateText(random: Random, original: string, world: World): string {
  let text = original;
  for (let n = 1 + randomInteger(random, 4); n > 0; n--) text = pick(random, MUTATIONS)(random, text, world);
  return text.length > world.maxLength ? text.slice(0, world.maxLength) : text;
}

/** What readers trip over. */
const NASTY: readonly string[] = [
  '',
  ' ',
  '\t',
  '\n',
  '\r',
  '\r\n',
  '\0',
  '\ufeff',
  '\u00a0',
  '\u2028',
  '\u202e',
  '\ufffd',
  '\ud800',
  '\u{1f4a9}',
  'ß',
  'İ',
  '"',
  "'",
  '`',
  '\\',
  '\\u',
  '\\ud800',
  '${',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  ':',
  ';',
  ',',
  '=',
  '#',
  '//',
  '/*',
  '*/',
  '<!--',
  '--',
  '- ',
  '|',
  '>',
  '&',
  '*',
  '!',
  '%',
  '@',
  '?',
  '+',
  '-1',
  '0',
  '00',
  '1e999',
  '1e-7',
  '4294967296',
  '9007199254740993',
  '65536',
  'NaN',
  'null',
  'true',
  'undefined',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
];

const MUTATIONS: readonly Mutation[] = [
  function insert(random, text) {
    const at = anywhere(random, text);
    return text.slice(0, at) + pick(random, NASTY) + text.slice(at);
  },
  function insertWord(random, text, { words }) {
    if (words.length === 0) return text;
    const at = anywhere(random, text);
    return text.slice(0, at) + pick(random, words) + text.slice(at);
  },
  function replace(random, text) {
    const at = anywhere(random, text);
    return text.slice(0, at) + pick(random, NASTY) + text.slice(at + 1 + randomInteger(random, 8));
  },
  function replaceWord(random, text, { words }) {
    const found = [...text.matchAll(/[\w.-]+/g)];
    if (found.length === 0) return text;
    const word = pick(random, found);
    const by = randomInteger(random, 2) === 0 || words.length === 0 ? pick(random, NASTY) : pick(random, words);
    return text.slice(0, word.index) + by + text.slice(word.index + word[0].length);
  },
  function remove(random, text) {
    const at = anywhere(random, text);
    return text.slice(0, at) + text.slice(at + 1 + randomInteger(random, 12));
  },
  function cut(random, text) {
    return text.slice(0, anywhere(random, text));
  },
  function double(random, text) {
    const [from, to] = [anywhere(random, text), anywhere(random, text)].sort((a, b) => a - b);
    return text.slice(0, to) + text.slice(from);
  },
  function swapLines(random, text) {
    const lines = text.split('\n');
    const [a, b] = [randomInteger(random, lines.length), randomInteger(random, lines.length)];
    const [first = '', second = ''] = [lines[a], lines[b]];
    [lines[a], lines[b]] = [second, first];
    return lines.join('\n');
  },
  function splice(random, text, { others }) {
    const other = pick(random, others);
    return text.slice(0, anywhere(random, text)) + other.slice(anywhere(random, other));
  },
  /** What takes time with the square of the length takes it here. */
  function inflate(random, text, { maxLength }) {
    if (randomInteger(random, 8) > 0) return text;
    const at = anywhere(random, text);
    const unit =
      randomInteger(random, 2) === 0 ? pick(random, NASTY) : text.slice(at, at + 1 + randomInteger(random, 30));
    const times = Math.floor((maxLength - text.length) / Math.max(1, unit.length));
    return unit === '' || times < 1
      ? text
      : text.slice(0, at) + unit.repeat(randomInteger(random, times)) + text.slice(at);
  },
  changeJson,
  changeJson,
  changeJson,
  changeJson,
];

function anywhere(random: Random, text: string): number {
  return randomInteger(random, text.length + 1);
}

/** Changes a value within JSON, or within one line of it; other text stays as it is. */
function changeJson(random: Random, text: string, { words }: World): string {
  const whole = parse(text);
  if (whole !== undefined) return stringify(changed(random, whole, words));
  const lines = text.split('\n');
  const at = randomInteger(random, lines.length);
  const line = parse(lines[at] ?? '');
  if (line === undefined) return text;
  lines[at] = stringify(changed(random, line, words));
  return lines.join('\n');
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

function parse(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `\u0000__proto__` stands for a key that an assignment would not make. */
function stringify(value: Json): string {
  return JSON.stringify(value).replaceAll('"#proto#"', '"__proto__"');
}

const VALUES: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  -1e300,
  2 ** 53,
  '',
  'x',
  '\u0000',
  '\ud800',
  '\u001b[2J',
  '<script>',
  '-->',
  '::1',
  '256.1.1.1',
  '2026-13-45T99:99:99Z',
  [],
  {},
  [null],
  [[]],
  { '#proto#': { polluted: true } },
  { length: 1e9 },
  { toString: null },
];

function changed(random: Random, value: Json, words: readonly string[]): Json {
  if (typeof value !== 'object' || value === null)
    return pick(random, words.length > 0 ? [...VALUES, ...words] : VALUES);
  const keys = Object.keys(value);
  // Mostly further down: there is more there.
  if (keys.length === 0 || randomInteger(random, 12) === 0) return pick(random, VALUES);
  const key = pick(random, keys);
  const inner = (value as Record<string, Json>)[key] ?? null;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  const fields = copy as Record<string, Json>;
  switch (randomInteger(random, 10)) {
    case 0:
      if (Array.isArray(copy)) copy.splice(Number(key), 1);
      else delete copy[key];
      return copy;
    case 1:
      if (Array.isArray(copy)) copy.push(...Array<Json>(1 + randomInteger(random, 20)).fill(inner));
      else fields[pick(random, ['#proto#', 'constructor', 'toString', '', ...keys])] = inner;
      return copy;
    default:
      fields[key] = changed(random, inner, words);
      return copy;
  }
}
