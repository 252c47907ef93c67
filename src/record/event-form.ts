import { mismatch } from './conforms.ts';
import type { JsonSchema } from './json-schema.ts';
import schema from './report.schema.json' with { type: 'json' };

const REPORT = schema as JsonSchema;
const EVENT: JsonSchema = { $ref: '#/definitions/RunEvent' };

/** Why a value is no event of a run: `pair.local is no object`. Undefined where it is one. */
export function noEvent(value: unknown): string | undefined {
  return mismatch(value, EVENT, REPORT);
}
