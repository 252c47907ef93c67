import { readSavedRun } from '../../diagnosis/saved-run.ts';
import type { Report } from '../../record/report.ts';

/** The report in a file that somebody kept: a report as JSON or in a page, or events. Throws with words for a person. */
export function readSaved(text: string): Report {
  const embedded = /<template id="report">([^<]*)<\/template>/.exec(text)?.[1];
  const saved = readSavedRun(embedded === undefined || embedded === '' ? text : embedded, true);
  if (saved.ok) return saved.value.report;
  const { line, message } = saved.error;
  throw new Error(line === undefined ? message : `line ${line}: ${message}`);
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
  return text === '' ? undefined : readSaved(text);
}
