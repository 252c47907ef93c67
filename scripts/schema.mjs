// Makes the JSON Schemas from the types: that of the report that ships, open as the contract promises, the strict one that
// the tests hold every report against, and that of `iceprobe.config.json`. `node scripts/schema.mjs` writes them, `--check`
// only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './setup.mjs';

const SHIPPED = join(root, 'src', 'record', 'report.schema.json');
const STRICT = join(root, 'test', 'support', 'report.strict.schema.json');
const TARGETS = join(root, 'src', 'record', 'targets.schema.json');
const CONFIG = join(root, 'src', 'check', 'targets', 'config.schema.json');

/** The files as they should be: path and text. */
export async function makeSchemas() {
  const { createGenerator } = await import('ts-json-schema-generator');
  // One for all: most of the time goes into reading the sources.
  const generator = createGenerator({
    path: join(root, 'src', '{record/report,record/targets,check/targets/config}.ts'),
    tsconfig: join(root, 'tsconfig.json'),
    topRef: false,
    jsDoc: 'extended',
    sortProps: false,
    skipTypeCheck: true,
    additionalProperties: false,
  });
  const strict = generator.createSchema('Report');
  const config = generator.createSchema('IceprobeConfig');
  return [
    { path: STRICT, text: print(strict) },
    { path: SHIPPED, text: print(open(strict)) },
    { path: TARGETS, text: print(ofTargets(generator.createSchema('TargetsReport'))) },
    { path: CONFIG, text: print({ title: 'iceprobe.config.json', ...config }) },
  ];
}

/**
 * What a reader may rely on: fields that are there, and their types. New fields and new words may come without a new
 * number, so neither is forbidden; an event of a type unknown today has the stamp that all have.
 * @param {Record<string, any>} schema
 */
function open(schema) {
  const { definitions, ...top } = relax(schema);
  const anyEvent = {
    type: 'object',
    description: 'An event of a type that came later.',
    properties: {
      seq: { type: 'integer' },
      ms: { type: 'number' },
      vantage: { type: 'string' },
      type: { type: 'string' },
    },
    required: ['seq', 'ms', 'vantage', 'type'],
  };
  const known = definitions.RunEvent;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'iceprobe.report/1',
    title: 'A report of iceprobe',
    ...top,
    definitions: { ...definitions, RunEvent: { description: known.description, anyOf: [...known.anyOf, anyEvent] } },
  };
}

/**
 * The reports of several targets: what a report is stands in the schema of that. Without an `$id`, against which the other's
 * would be resolved.
 * @param {Record<string, any>} schema
 */
function ofTargets(schema) {
  const { definitions, ...top } = relax(schema);
  const { TargetReport, Tool } = definitions;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Reports of several targets by iceprobe',
    ...top,
    definitions: {
      TargetReport: {
        ...TargetReport,
        properties: { ...TargetReport.properties, report: { $ref: 'iceprobe.report/1' } },
      },
      Tool,
      Verdict: definitions.Verdict,
    },
  };
}

/** @returns {any} */
function relax(/** @type {any} */ node) {
  if (Array.isArray(node)) return node.map(relax);
  if (typeof node !== 'object' || node === null) return node;
  const { additionalProperties, enum: words, ...rest } = node;
  const entries = Object.entries(rest).map(([key, value]) => [key, relax(value)]);
  const open = Object.fromEntries(entries);
  // Index signatures and maps stay; only the ban on further fields goes.
  if (additionalProperties !== undefined && additionalProperties !== false) {
    open.additionalProperties = relax(additionalProperties);
  }
  if (words !== undefined) {
    const closed = words.some((/** @type {unknown} */ word) => typeof word === 'number');
    if (closed) open.enum = words;
    else open.examples = words.filter((/** @type {unknown} */ word) => word !== null);
  }
  return open;
}

/** @param {unknown} schema */
function print(schema) {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { path, text } of await makeSchemas()) {
    if (!process.argv.includes('--check')) writeFileSync(path, text);
    else if (readFileSync(path, 'utf8') !== text) {
      console.error(`${path} is not what the types say: run node scripts/schema.mjs`);
      process.exitCode = 1;
    }
  }
}
