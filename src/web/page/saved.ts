import { makeReport } from '../../diagnosis/make-report.ts';
import type { RunEvent } from '../../record/events.ts';
import type { Report } from '../../record/report.ts';

/** The report in a file that somebody kept: a report as JSON or in a page, or events. Throws with words for a person. */
export function readSaved(text: string): Report {
  const embedded = /<template id="report">([^<]*)<\/template>/.exec(text)?.[1];
  if (embedded !== undefined && embedded !== '') return asReport(parse(embedded));
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const first = lines.length > 1 ? parseOrUndefined(lines[0] ?? '') : undefined;
  if (isRecord(first) && typeof first['seq'] === 'number' && typeof first['type'] === 'string') {
    return makeReport(
      lines.map((line) => parse(line) as RunEvent),
      { withEvents: true },
    );
  }
  return asReport(parse(text));
}

/** The report that a saved page carries. */
export function embeddedReport(): Report | undefined {
  const template = document.querySelector<HTMLTemplateElement>('template#report');
  const text = template?.content.textContent ?? '';
  return text === '' ? undefined : asReport(parse(text));
}

function asReport(value: unknown): Report {
  if (!isRecord(value) || !String(value['schema']).startsWith('iceprobe.report/1')) {
    throw new Error('it says no schema "iceprobe.report/1"');
  }
  return value as unknown as Report;
}

function parse(text: string): unknown {
  return JSON.parse(text);
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
