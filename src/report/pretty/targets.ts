import { showDuration } from '../../diagnosis/render.ts';
import type { TargetReport, TargetsReport } from '../../record/targets.ts';
import { ends, plural, WIDTH, wrap } from '../layout.ts';
import type { Style } from '../style.ts';
import { verdictLabel } from './servers.ts';
import { titleOf } from './summary.ts';

const LABEL = 6;
/** A longer name has a line to itself. */
const LONGEST_NAME = 24;

/** The verdict over all of them, and a line for each: its verdict, its name, the first cause or what came. */
export function targetsHeading(report: TargetsReport, style: Style): string[] {
  const { targets, verdict, durationMs } = report;
  const title = ends(targetsTitle(report), showDuration(durationMs), WIDTH - LABEL);
  const column = Math.min(LONGEST_NAME, Math.max(...targets.map(({ target }) => target.length))) + 2;
  return [
    `${verdictLabel(verdict, style)}  ${style.bold(title)}`,
    ...targets.flatMap((each) => rowOf(each, column, style)),
  ];
}

/** `1 of 3 targets not as expected`. */
export function targetsTitle({ targets }: TargetsReport): string {
  const bad = targets.filter(({ report }) => report.exitCode !== 0).length;
  return bad === 0
    ? `${plural(targets.length, 'target')} as expected`
    : `${bad} of ${plural(targets.length, 'target')} not as expected`;
}

/** What stands over the report of one. */
export function targetTitle({ target }: TargetReport, style: Style): string {
  return style.accent(
    `${'-'.repeat(LABEL - 2)}  ${target} ${'-'.repeat(Math.max(0, WIDTH - LABEL - target.length - 1))}`,
  );
}

function rowOf({ target, report }: TargetReport, column: number, style: Style): string[] {
  const label = verdictLabel(report.verdict, style);
  const indent = ' '.repeat(LABEL + column);
  const words = wrap(titleOf(report), WIDTH - LABEL - column);
  if (target.length > LONGEST_NAME) return [`${label}  ${target}`, ...words.map((line) => indent + line)];
  const [first = '', ...more] = words;
  return [`${label}  ${target.padEnd(column)}${first}`, ...more.map((line) => indent + line)];
}
