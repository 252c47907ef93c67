import { makeReport } from '../../diagnosis/make-report.ts';
import type { RunEvent } from '../../record/events.ts';
import { isInternalsDump, readInternalsDump } from '../../record/internals.ts';
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
  const value = parse(text);
  if (isInternalsDump(value)) return makeReport(readInternalsDump(value), { withEvents: true });
  return asReport(value);
}

/** The text of a file; Chromium compresses its dumps. */
export async function textOf(file: File): Promise<string> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (first !== 0x1f || second !== 0x8b) return file.text();
  return new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))).text();
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
