import type { Report } from '../record/report.ts';
import type { TargetsReport } from '../record/targets.ts';
import { type Case, casesOf } from './cases.ts';

/** TAP version 14: a test point for each case. What is not determined is `not ok`, as what failed. */
export function tap(report: Report): string {
  return documentOf(casesOf(report));
}

/** The same for several targets, whose names the descriptions begin with: not every reader knows subtests. */
export function tapOfTargets({ targets }: TargetsReport): string {
  return documentOf(
    targets.flatMap(({ target, report }) =>
      casesOf(report).map((each) => ({ ...each, group: `${target}: ${each.group}` })),
    ),
  );
}

function documentOf(cases: readonly Case[]): string {
  const lines = cases.flatMap((each, index) => pointLines(each, index + 1));
  return `${['TAP version 14', `1..${cases.length}`, ...lines].join('\n')}\n`;
}

function pointLines(given: Case, number: number): string[] {
  const { group, name, outcome, message, details, findings } = given;
  // "#" begins a directive, and a backslash escapes.
  const description = `${group}: ${name}`.replace(/[\\#]/g, '\\$&');
  const head = `${outcome === 'pass' ? 'ok' : 'not ok'} ${number} - ${description}`;
  if (outcome === 'pass' && details.length === 0) return [head];
  return [
    head,
    '  ---',
    ...(message === '' ? [] : [`  message: ${quoted(message)}`]),
    ...(outcome === 'pass' ? [] : [`  severity: ${outcome}`]),
    ...(findings.length === 0 ? [] : [`  findings: [${findings.map(quoted).join(', ')}]`]),
    ...(details.length === 0 ? [] : ['  details:', ...details.map((line) => `    - ${quoted(line)}`)]),
    '  ...',
  ];
}

/** A JSON string is a YAML string. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
