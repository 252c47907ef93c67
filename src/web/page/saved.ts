import { readSavedRun } from '../../diagnosis/saved-run.ts';
import { isTargetsReport } from '../../record/targets.ts';
import { type Opened, openTargets } from './view/saved.ts';

/** What is in a file that somebody kept: reports as JSON or in a page, or events. Throws with words for a person. */
export function readSaved(text: string): Opened {
  const embedded = /<template id="report">([^<]*)<\/template>/.exec(text)?.[1];
  const saved = readSavedRun(embedded === undefined || embedded === '' ? text : embedded, true);
  if (saved.ok) {
    const { report } = saved.value;
    return isTargetsReport(report) ? openTargets(report.targets) : { report, targets: [] };
  }
  const { line, message } = saved.error;
  throw new Error(line === undefined ? message : `line ${line}: ${message}`);
}

/** The text of a file; Chromium compresses its dumps. */
export async function textOf(file: File): Promise<string> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (first !== 0x1f || second !== 0x8b) return file.text();
  return new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))).text();
}

/** What a saved page carries. */
export function embeddedReport(): Opened | undefined {
  const template = document.querySelector<HTMLTemplateElement>('template#report');
  const text = template?.content.textContent ?? '';
  return text === '' ? undefined : readSaved(text);
}
