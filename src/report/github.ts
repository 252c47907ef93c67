import type { Finding, Severity } from '../record/finding.ts';
import type { Report } from '../record/report.ts';
import type { TargetsReport } from '../record/targets.ts';
import { undeterminedParts } from '../record/verdict.ts';
import { detailOf } from './detail.ts';
import { summaryOf } from './pretty/summary.ts';
import { printableReport } from './printable.ts';

const LEVELS: Readonly<Record<Severity, string | undefined>> = {
  error: 'error',
  warning: 'warning',
  info: 'notice',
  ok: undefined,
};

/** Annotations for GitHub Actions: workflow commands on stdout. The job summary is what `markdown` is for. */
export function github(report: Report): string {
  return annotationsOf(report, '');
}

/** The same for several targets: each title begins with the name of its own. */
export function githubOfTargets({ targets }: TargetsReport): string {
  return targets.map(({ target, report }) => annotationsOf(report, `${target}: `)).join('');
}

function annotationsOf(given: Report, prefix: string): string {
  const report = printableReport(given);
  const command = (level: string, title: string, message: string): string =>
    workflowCommand(level, prefix + title, message);
  const lines = [
    ...report.findings.flatMap((finding) => annotationOf(finding, command)),
    ...(report.expectations ?? [])
      .filter(({ met }) => met !== true)
      .map(({ text, met, because }) =>
        command(
          'error',
          met === false ? 'Expectation not met' : 'Expectation not determined',
          `${text}${because === undefined ? '' : `: ${because}`}`,
        ),
      ),
    ...undeterminedParts(report).map(({ subject, because }) =>
      command('error', 'Not determined', `${subject}: ${because}`),
    ),
  ];
  return lines.length > 0 ? `${lines.join('\n')}\n` : `${command('notice', 'iceprobe', summaryOf(report))}\n`;
}

function annotationOf(finding: Finding, command: typeof workflowCommand): string[] {
  const { severity, id, title, subject, fix } = finding;
  const level = LEVELS[severity];
  return level === undefined
    ? []
    : [command(level, `${id}: ${title}`, `${subject}: ${detailOf(finding)}\nFix: ${fix}`)];
}

/** `%` first, or the escapes of the others would be escaped again; a property ends at a colon or a comma. */
function workflowCommand(level: string, title: string, message: string): string {
  const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = data(title).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return `::${level} title=${property}::${data(message)}`;
}
