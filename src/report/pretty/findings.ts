import type { Finding, Severity } from '../../record/finding.ts';
import { indented, labelled } from '../layout.ts';
import type { Style } from '../style.ts';

const MARKS: Readonly<Record<Severity, string>> = { error: 'x', warning: '!', info: 'i', ok: 'ok' };

/** A finding as a block: what, where to mend it, how sure; what was seen; what is ruled out; the fix. */
export function findingBlock(finding: Finding, titled: boolean, style: Style): string[] {
  const { severity, id, locus, confidence, title, detail, fix, ruledOut, consequences } = finding;
  const where = locus === 'unknown' ? 'fix on: not determined' : `fix on: ${locus.toUpperCase()}`;
  const colour = severity === 'error' ? style.error : severity === 'warning' ? style.warning : style.accent;
  return [
    `${colour(`${MARKS[severity]} ${style.bold(id)}`)}    ${where}    ${confidence}`,
    ...(titled ? [] : indented(title, 2)),
    ...subjectLines(finding),
    ...(detail === title ? [] : indented(detail, 2)),
    ...(ruledOut.length === 0
      ? []
      : labelled('Ruled out', ruledOut.map((each) => `${each.cause} (${each.because})`).join(', '), 12, 2)),
    ...(consequences.length === 0 ? [] : labelled('Explains', consequences.join(', '), 12, 2)),
    ...labelled('Fix', fix, 12, 2).map((line, index) => (index === 0 ? line.replace('Fix', style.bold('Fix')) : line)),
  ];
}

/** A remark that needs no action now: one line where it fits. */
export function findingRemark(finding: Finding, style: Style): string[] {
  const lines = labelled(MARKS[finding.severity], `${finding.id}: ${finding.title}; ${finding.fix}`, 3, 0);
  return finding.severity === 'ok' ? lines.map(style.good) : lines.map(style.dim);
}

function subjectLines(finding: Finding): string[] {
  const urls = finding.params['urls'];
  const all = Array.isArray(urls) && urls.length > 0 ? urls.map(String) : [finding.subject];
  const shown = all.slice(0, 3).join(', ');
  return indented(all.length > 3 ? `${shown} and ${all.length - 3} more` : shown, 2);
}
