import { render } from '../../diagnosis/render.ts';
import { ENGLISH } from '../../diagnosis/text/en.ts';
import type { Finding, Severity } from '../../record/finding.ts';
import { directionsOf } from '../detail.ts';
import { indented, labelled } from '../layout.ts';
import type { Style } from '../style.ts';

const MARKS: Readonly<Record<Severity, string>> = { error: 'x', warning: '!', info: 'i', ok: 'ok' };
const LABEL = 12;

/** A finding as a block: what, where to mend it, how sure; what was seen; what is ruled out; who notices; the fix. */
export function findingBlock(finding: Finding, titled: boolean, style: Style): string[] {
  const { severity, id, locus, confidence, title, detail, ruledOut, consequences, fix } = finding;
  const where = locus === 'unknown' ? 'fix on: not determined' : `fix on: ${locus.toUpperCase()}`;
  const colour = severity === 'error' ? style.error : severity === 'warning' ? style.warning : style.accent;
  const users = usersOf(finding);
  const part = (label: string, text: string): string[] => (text === '' ? [] : labelled(label, text, LABEL, 2));
  return [
    `${colour(`${MARKS[severity]} ${style.bold(id)}`)}    ${where}    ${confidence}`,
    ...(titled ? [] : indented(title, 2)),
    ...subjectLines(finding),
    ...(sameWords(detail, title) ? [] : indented(capital(detail), 2)),
    ...directionsOf(finding).map(([words, count]) => `    ${words.padEnd(34)}${count.padStart(7)}`),
    ...part(
      'Ruled out',
      ruledOut.map(({ cause, because }) => (because === '' ? cause : `${cause} (${because})`)).join(', '),
    ),
    ...part('Explains', consequences.join(', ')),
    ...part('Users see', users),
    ...part('Fix', fix).map((line, index) => (index === 0 ? line.replace('Fix', style.bold('Fix')) : line)),
  ];
}

/** A remark that needs no action now: one line where it fits. */
export function findingRemark(finding: Finding, style: Style): string[] {
  const { id, title, fix, severity } = finding;
  const advice = /^nothing\b/.test(fix) ? '' : `; ${fix}`;
  const lines = labelled(MARKS[severity], `${id}: ${title}${advice}`, 6, 0);
  return severity === 'ok' ? lines.map(style.good) : lines.map(style.dim);
}

function usersOf({ id, params }: Finding): string {
  const text = Object.hasOwn(ENGLISH.findings, id)
    ? ENGLISH.findings[id as keyof typeof ENGLISH.findings].users
    : undefined;
  return text === undefined ? '' : render(text, params);
}

function subjectLines(finding: Finding): string[] {
  const urls = finding.params['urls'];
  const all = Array.isArray(urls) && urls.length > 0 ? urls.map(String) : [finding.subject];
  const shown = all.slice(0, 3).join(', ');
  return indented(all.length > 3 ? `${shown} and ${all.length - 3} more` : shown, 2);
}

function sameWords(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function capital(text: string): string {
  // Names, URLs and addresses keep their spelling.
  return /^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
