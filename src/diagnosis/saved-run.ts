import { fail, ok, type Result } from '../core/result.ts';
import { mismatch } from '../record/conforms.ts';
import { noEvent } from '../record/event-form.ts';
import type { RunEvent } from '../record/events.ts';
import { isInternalsDump, readInternalsDump } from '../record/internals.ts';
import type { JsonSchema } from '../record/json-schema.ts';
import schema from '../record/report.schema.json' with { type: 'json' };
import { REPORT_SCHEMA, type Report } from '../record/report.ts';
import { type RunEvents, runsOf } from '../record/runs.ts';
import { isTargetName, TARGETS_SCHEMA, type TargetsReport, targetsReport } from '../record/targets.ts';
import { makeReport } from './make-report.ts';

/**
 * A run that was written by `-f ndjson` or `-f json`, or those of several targets, or a call that Chromium's internals page
 * kept.
 */
export interface SavedRun {
  /** By today's diagnosis where the events are there, else as it was saved. */
  readonly report: Report | TargetsReport;
  /** By target; undefined where not all of them were kept. */
  readonly events: readonly RunEvents[] | undefined;
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
  const { runs, note } = parsed.value;
  const reports: Report[] = [];
  for (const run of runs) {
    const report = reportOf(run, withEvents);
    if (!report.ok) return report;
    reports.push(report.value);
  }
  const targets = reports.map((report, index) => ({ target: runs[index]?.target ?? '', report }));
  const [first] = reports;
  if (first === undefined) return refuse('there is no run in it');
  const events = runs.flatMap(({ target, events: own }) => (own === undefined ? [] : [{ target, events: own }]));
  return ok({
    report: runs[0]?.target === undefined ? first : targetsReport(targets),
    events: events.length === runs.length ? events : undefined,
    note,
  });
}

interface Parsed {
  readonly runs: readonly ParsedRun[];
  readonly note: string | undefined;
}

interface ParsedRun {
  readonly target: string | undefined;
  readonly events: readonly RunEvent[] | undefined;
  readonly report: unknown;
}

function reportOf({ events, report }: ParsedRun, withEvents: boolean): Result<Report, SavedRunError> {
  if (events === undefined) return asReport(report);
  const saved = report === undefined ? undefined : asReport(report);
  if (saved?.ok === false) return saved;
  if (events[0]?.type !== 'run-started') return refuse('the beginning of the run is missing');
  const asked = saved?.value.expectations;
  return ok(makeReport(events, { withEvents, ...(asked === undefined ? {} : { expectations: asked }) }));
}

function parse(text: string): Result<Parsed, SavedRunError> {
  if (text.trim() === '') return refuse('it is empty');
  const whole = tryJson(text);
  if (isInternalsDump(whole)) {
    const events = readInternalsDump(whole);
    if (!events.ok) return refuse(events.error, undefined, 'make the dump while the page with the call is still open');
    return ok({ runs: [{ target: undefined, events: events.value, report: undefined }], note: undefined });
  }
  if (!isRecord(whole) || isStamped(whole)) return readLines(text);
  const runs = whole['schema'] === TARGETS_SCHEMA ? readTargets(whole['targets']) : ok([runOf(undefined, whole)]);
  if (!runs.ok) return runs;
  const isLeft = runs.value.some(({ events }) => events === undefined);
  return ok({ runs: runs.value, note: isLeft ? 'saved without --events: shown as it was diagnosed then' : undefined });
}

function runOf(target: string | undefined, report: Readonly<Record<string, unknown>>): ParsedRun {
  const { events } = report;
  // What is no list of events is refused with the rest of the report.
  if (events === undefined) return { target, events, report };
  return { target, events: Array.isArray(events) ? (events as RunEvent[]) : [], report };
}

function readTargets(targets: unknown): Result<readonly ParsedRun[], SavedRunError> {
  if (!Array.isArray(targets)) return refuse('its targets are no list');
  const runs: ParsedRun[] = [];
  for (const [index, each] of (targets as readonly unknown[]).entries()) {
    const { target, report } = isRecord(each) ? each : {};
    if (!isTargetName(target) || runs.some((run) => run.target === target)) {
      return refuse(`targets[${index}] has no name of its own`);
    }
    if (!isRecord(report)) return refuse(`targets[${index}] has no report`);
    runs.push(runOf(target, report));
  }
  return ok(runs);
}

function readLines(text: string): Result<Parsed, SavedRunError> {
  const lines = text.split('\n').map((line) => line.trim());
  const last = lines.findLastIndex((line) => line !== '');
  const events: (RunEvent & { readonly target?: string })[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const event = tryJson(line);
    // Whoever wrote the last line may have been killed in the middle of it.
    if (index === last && event === undefined && events.length > 0) {
      return runsIn(events, `the last line (${index + 1}) is cut off, and left out`);
    }
    if (!isStamped(event)) return refuse(event === undefined ? 'no JSON' : 'no event', index + 1);
    const problem = noEvent(event);
    if (problem !== undefined) return refuse(`no event: ${problem}`, index + 1);
    const { target } = event as { readonly target?: unknown };
    if (target !== undefined && !isTargetName(target)) return refuse('no event: target is no name', index + 1);
    events.push(event);
  }
  return runsIn(events, undefined);
}

function runsIn(
  events: readonly (RunEvent & { readonly target?: string })[],
  note: string | undefined,
): Result<Parsed, SavedRunError> {
  const runs = runsOf(events);
  if (runs.length > 1 && runs.some(({ target }) => target === undefined)) {
    return refuse('some of its events are of targets, and others are not');
  }
  const isWhole = runs.every((run) => run.events.some((event) => event.type === 'run-finished'));
  const isRepeated = runs.some(({ earlier }) => earlier > 0);
  const repeated = isRepeated ? 'runs that failed were repeated: the last of each is shown' : undefined;
  return ok({
    runs: runs.map((run) => ({ ...run, report: undefined })),
    note: note ?? (isWhole ? repeated : 'the run was cut off before its end'),
  });
}

const REPORT = schema as JsonSchema;
const HINT = 'give what iceprobe -f ndjson or -f json wrote';

function asReport(value: unknown): Result<Report, SavedRunError> {
  const kind = isRecord(value) ? value['schema'] : undefined;
  if (kind !== REPORT_SCHEMA) {
    return typeof kind === 'string'
      ? refuse(`a report of the kind ${kind}`, undefined, `this version reads ${REPORT_SCHEMA}`)
      : refuse('no report of iceprobe');
  }
  const problem = mismatch(value, REPORT);
  if (problem !== undefined) return refuse(`no report of iceprobe, or one that was changed: ${problem}`);
  return ok(value as Report);
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
