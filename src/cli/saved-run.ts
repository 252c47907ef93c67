import { makeReport } from '../diagnosis/make-report.ts';
import type { RunEvent } from '../record/events.ts';
import { type InternalsDump, isInternalsDump, readInternalsDump } from '../record/internals.ts';
import { REPORT_SCHEMA, type Report } from '../record/report.ts';
import type { Context } from './context.ts';
import { UsageError } from './errors.ts';
import { readStdin, readTextFile } from './files.ts';

/** A run that was written by `-f ndjson` or `-f json`, or a call that Chromium's internals page kept. */
export interface SavedRun {
  readonly name: string;
  /** By today's diagnosis where the events are there, else as it was saved. */
  readonly report: Report;
  readonly events: readonly RunEvent[] | undefined;
  /** What is to be known about how it was read. */
  readonly note: string | undefined;
}

/** Throws {@link UsageError} where the file cannot be read or is no such thing. */
export async function loadSavedRun(path: string, context: Context, withEvents = false): Promise<SavedRun> {
  const name = path === '-' ? 'stdin' : path;
  const text = path === '-' ? await readStdin(context, 'FILE') : await readTextFile(path, 'the saved run');
  const { events, report, note } = parseSavedRun(text, name);
  if (events !== undefined && events[0]?.type !== 'run-started') {
    throw new UsageError(`${name}: the beginning of the run is missing`, HINT);
  }
  if (events === undefined) return { name, report: requireReport(report, name), events, note };
  try {
    const expectations = isRecord(report) && Array.isArray(report['expectations']) ? report['expectations'] : undefined;
    const options = { withEvents, ...(expectations === undefined ? {} : { expectations }) };
    return { name, report: makeReport(events, options), events, note };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(
      `${name}: its events are not in the form that iceprobe writes`,
      'give a file of -f ndjson or json',
    );
  }
}

interface Parsed {
  readonly events: readonly RunEvent[] | undefined;
  readonly report: unknown;
  readonly note: string | undefined;
}

function parseSavedRun(text: string, name: string): Parsed {
  if (text.trim() === '') throw new UsageError(`${name}: it is empty`, HINT);
  const whole = tryJson(text);
  if (isInternalsDump(whole)) return { events: readDump(whole, name), report: undefined, note: undefined };
  if (isRecord(whole) && !isEvent(whole)) {
    const events = whole['events'];
    if (!Array.isArray(events)) {
      return { events: undefined, report: whole, note: 'saved without --events: shown as it was diagnosed then' };
    }
    if (!events.every(isEvent))
      throw new UsageError(`${name}: its events are not in the form that iceprobe writes`, HINT);
    return { events, report: whole, note: undefined };
  }
  return readLines(text, name);
}

function readDump(dump: InternalsDump, name: string): readonly RunEvent[] {
  try {
    return readInternalsDump(dump);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${name}: ${why}`, 'make the dump while the page with the call is still open');
  }
}

function readLines(text: string, name: string): Parsed {
  const lines = text.split('\n').map((line) => line.trim());
  const events: RunEvent[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const event = tryJson(line);
    if (isEvent(event)) {
      events.push(event);
      continue;
    }
    const isLast = lines.slice(index + 1).every((later) => later === '');
    // Whoever wrote the last line may have been killed in the middle of it.
    if (isLast && event === undefined && events.length > 0) {
      return { events, report: undefined, note: `the last line (${index + 1}) is cut off, and left out` };
    }
    throw new UsageError(`${name}:${index + 1}: ${event === undefined ? 'no JSON' : 'no event'}`, HINT);
  }
  const isWhole = events.some((event) => event.type === 'run-finished');
  return { events, report: undefined, note: isWhole ? undefined : 'the run was cut off before its end' };
}

const HINT = 'give what iceprobe -f ndjson or -f json wrote';

function requireReport(report: unknown, name: string): Report {
  if (!isRecord(report)) throw new UsageError(`${name}: no report`, HINT);
  const schema = report['schema'];
  if (schema !== REPORT_SCHEMA) {
    const what = typeof schema === 'string' ? `a report of the kind ${schema}` : 'no report of iceprobe';
    throw new UsageError(`${name}: ${what}`, typeof schema === 'string' ? `this version reads ${REPORT_SCHEMA}` : HINT);
  }
  return report as unknown as Report;
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

function isEvent(value: unknown): value is RunEvent {
  return (
    isRecord(value) &&
    typeof value['seq'] === 'number' &&
    typeof value['ms'] === 'number' &&
    typeof value['type'] === 'string'
  );
}
