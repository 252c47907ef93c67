import { fail, ok, type Result } from '../core/result.ts';
import { mismatch } from '../record/conforms.ts';
import type { RunEvent } from '../record/events.ts';
import { isInternalsDump, readInternalsDump } from '../record/internals.ts';
import type { JsonSchema } from '../record/json-schema.ts';
import schema from '../record/report.schema.json' with { type: 'json' };
import { REPORT_SCHEMA, type Report } from '../record/report.ts';
import { makeReport } from './make-report.ts';

/** A run that was written by `-f ndjson` or `-f json`, or a call that Chromium's internals page kept. */
export interface SavedRun {
  /** By today's diagnosis where the events are there, else as it was saved. */
  readonly report: Report;
  readonly events: readonly RunEvent[] | undefined;
  /** What is to be known about how it was read. */
  readonly note: string | undefined;
}

/** Why a text is no saved run: at which line, where lines are what it consists of, and what to give instead. */
export interface SavedRunError {
  readonly line: number | undefined;
  readonly message: string;
  readonly hint: string;
}

/** Reads what somebody kept, sent or damaged. Everything in it is of the form that the schema promises, or it is refused. */
export function readSavedRun(text: string, withEvents = false): Result<SavedRun, SavedRunError> {
  const parsed = parse(text);
  if (!parsed.ok) return parsed;
  const { events, report, note } = parsed.value;
  if (events === undefined) return asReport(report, note);
  const saved = report === undefined ? undefined : asReport(report, undefined);
  if (saved?.ok === false) return saved;
  if (events[0]?.type !== 'run-started') return refuse('the beginning of the run is missing');
  const asked = saved?.value.report.expectations;
  const options = { withEvents, ...(asked === undefined ? {} : { expectations: asked }) };
  return ok({ report: makeReport(events, options), events, note });
}

interface Parsed {
  readonly events: readonly RunEvent[] | undefined;
  readonly report: unknown;
  readonly note: string | undefined;
}

function parse(text: string): Result<Parsed, SavedRunError> {
  if (text.trim() === '') return refuse('it is empty');
  const whole = tryJson(text);
  if (isInternalsDump(whole)) {
    const events = readInternalsDump(whole);
    if (events.ok) return ok({ events: events.value, report: undefined, note: undefined });
    return refuse(events.error, undefined, 'make the dump while the page with the call is still open');
  }
  if (!isRecord(whole) || isStamped(whole)) return readLines(text);
  const events = whole['events'];
  if (events === undefined) {
    return ok({
      events: undefined,
      report: whole,
      note: 'saved without --events: shown as it was diagnosed then',
    });
  }
  return ok({ events: Array.isArray(events) ? (events as RunEvent[]) : [], report: whole, note: undefined });
}

function readLines(text: string): Result<Parsed, SavedRunError> {
  const lines = text.split('\n').map((line) => line.trim());
  const last = lines.findLastIndex((line) => line !== '');
  const events: RunEvent[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const event = tryJson(line);
    // Whoever wrote the last line may have been killed in the middle of it.
    if (index === last && event === undefined && events.length > 0) {
      return ok({ events, report: undefined, note: `the last line (${index + 1}) is cut off, and left out` });
    }
    if (!isStamped(event)) return refuse(event === undefined ? 'no JSON' : 'no event', index + 1);
    const problem = mismatch(event, EVENT_SCHEMA, REPORT);
    if (problem !== undefined) return refuse(`no event: ${problem}`, index + 1);
    events.push(event);
  }
  const isWhole = events.some((event) => event.type === 'run-finished');
  return ok({ events, report: undefined, note: isWhole ? undefined : 'the run was cut off before its end' });
}

const REPORT = schema as JsonSchema;
const EVENT_SCHEMA: JsonSchema = { $ref: '#/definitions/RunEvent' };
const HINT = 'give what iceprobe -f ndjson or -f json wrote';

function asReport(value: unknown, note: string | undefined): Result<SavedRun, SavedRunError> {
  const kind = isRecord(value) ? value['schema'] : undefined;
  if (kind !== REPORT_SCHEMA) {
    return typeof kind === 'string'
      ? refuse(`a report of the kind ${kind}`, undefined, `this version reads ${REPORT_SCHEMA}`)
      : refuse('no report of iceprobe');
  }
  const problem = mismatch(value, REPORT);
  if (problem !== undefined) return refuse(`no report of iceprobe, or one that was changed: ${problem}`);
  return ok({ report: value as Report, events: undefined, note });
}

function refuse(message: string, line?: number, hint = HINT): Result<never, SavedRunError> {
  return fail({ line, message, hint });
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** It has what every event has. */
function isStamped(value: unknown): value is RunEvent {
  return (
    isRecord(value) &&
    typeof value['seq'] === 'number' &&
    typeof value['ms'] === 'number' &&
    typeof value['type'] === 'string'
  );
}
