import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import { expect } from 'vitest';
import type { TargetsReport } from '../../src/record/targets.ts';

interface Schema {
  readonly definitions: Readonly<Record<string, object>>;
}

const read = (url: URL): Schema => JSON.parse(readFileSync(url, 'utf8')) as Schema;

const strictSchema = read(new URL('report.strict.schema.json', import.meta.url));
const shippedSchema = read(new URL('../../src/record/report.schema.json', import.meta.url));

// Types that are unions (`string | null`) are what the generator makes of the types: nothing to warn about.
const ajv = new Ajv({
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allowUnionTypes: true,
});
const strict = ajv.compile(strictSchema);
const shipped = ajv.compile(shippedSchema);
const targetsSchema = JSON.parse(
  readFileSync(new URL('../../src/record/targets.schema.json', import.meta.url), 'utf8'),
) as object;
const targets = ajv.compile(targetsSchema);
const event = ajv.compile({ definitions: strictSchema.definitions, $ref: '#/definitions/RunEvent' });

/** Fails unless the value is a report by the types, and by the schema that ships. Takes a `Report` or parsed JSON. */
export function expectReport(report: unknown): void {
  expectValid(strict, report);
  expectValid(shipped, report);
}

/** The same for the reports of several targets. */
export function expectTargetsReport(report: TargetsReport): void {
  expectValid(targets, report);
  for (const { report: own } of report.targets) expectReport(own);
}

/** The same for one event, as a line of NDJSON has it. */
export function expectEvent(value: unknown): void {
  expectValid(event, value);
}

/** What is wrong with it by the strict schema; empty for a report. */
export function schemaErrors(report: unknown): string[] {
  return strict(asJson(report)) ? [] : messages(strict.errors);
}

function expectValid(validate: typeof strict, value: unknown): void {
  const valid = validate(asJson(value));
  expect(valid ? [] : messages(validate.errors)).toEqual([]);
}

/** Exactly what a reader of the file would get: no undefined, no class, no toJSON. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function messages(errors: readonly ErrorObject[] | null | undefined): string[] {
  return (errors ?? []).map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
}
