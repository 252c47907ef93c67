import type { Report } from '../record/report.ts';
import type { TargetReport, TargetsReport } from '../record/targets.ts';
import { undeterminedParts } from '../record/verdict.ts';
import { plural } from './layout.ts';
import { summaryOf } from './pretty/summary.ts';
import { printableReport } from './printable.ts';

/** OK, WARNING, CRITICAL, UNKNOWN: what a monitoring plugin exits with. */
export type NagiosExitCode = 0 | 1 | 2 | 3;

const WORDS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;

/** For `--format nagios`, in the place of the report's own exit code. */
export function nagiosExitCode(report: Pick<Report, 'verdict' | 'exitCode'>): NagiosExitCode {
  if (report.exitCode === 1) return 2;
  // Not determined, interrupted, not written: none of them says that all is well.
  if (report.exitCode !== 0) return 3;
  return report.verdict === 'warning' ? 1 : 0;
}

/** For what has no report: a mistake in the call. */
export function nagiosUnknown(why: string): string {
  return `ICEPROBE UNKNOWN - ${why.replace(/[|\s]+/g, ' ').trim()}\n`;
}

/** One line, as the Monitoring Plugins Development Guidelines have it, with performance data behind the bar. */
export function nagios(given: Report): string {
  const report = printableReport(given);
  const state = WORDS[nagiosExitCode(report)];
  const text = wordsOf(report).replace(/[|\n]/g, ' ');
  const data = performanceData(report);
  return `ICEPROBE ${state} - ${text}${data.length > 0 ? ` | ${data.join(' ')}` : ''}\n`;
}

/** The same for several targets: what is wrong with the first that is not well, and the data of each under its name. */
export function nagiosOfTargets(given: TargetsReport): string {
  const targets = given.targets.map(({ target, report }) => ({ target, report: printableReport(report) }));
  const state = WORDS[nagiosExitCode(given)];
  const text = wordsOfTargets(targets).replace(/[|\n]/g, ' ');
  const data = targets.flatMap(({ target, report }) => performanceData(report, `${target}_`));
  return `ICEPROBE ${state} - ${text}${data.length > 0 ? ` | ${data.join(' ')}` : ''}\n`;
}

function wordsOfTargets(targets: readonly TargetReport[]): string {
  // UNKNOWN is the last of the four, and less than CRITICAL.
  const order = [2, 3, 1, 0];
  const ranked = targets.toSorted(
    (a, b) => order.indexOf(nagiosExitCode(a.report)) - order.indexOf(nagiosExitCode(b.report)),
  );
  const bad = ranked.filter(({ report }) => nagiosExitCode(report) !== 0);
  const [first] = bad;
  if (first === undefined) return `${plural(targets.length, 'target')} as expected`;
  const others = bad.slice(1).map(({ target, report }) => `${target} ${WORDS[nagiosExitCode(report)]}`);
  return [`${first.target}: ${wordsOf(first.report)}`, ...others].join('; ');
}

function wordsOf(report: Report): string {
  const unmet = (report.expectations ?? []).find(({ met }) => met !== true);
  const [first] = report.findings;
  if (first?.severity === 'error') return `${first.id}: ${first.title} (${first.subject})`;
  if (unmet !== undefined)
    return `${unmet.met === false ? 'not met' : 'not determined'}: ${unmet.text}${unmet.because === undefined ? '' : `: ${unmet.because}`}`;
  const [doubt] = undeterminedParts(report);
  if (doubt !== undefined) return `not determined: ${doubt.subject}: ${doubt.because}`;
  return first?.severity === 'warning' ? `${first.id}: ${first.title} (${first.subject})` : summaryOf(report);
}

/** `'label'=value[unit];warn;crit;min;max`: the worst of each kind, so that labels stay the same from run to run. */
function performanceData(report: Report, prefix = ''): string[] {
  const attempts = (report.servers ?? [])
    .filter(({ control }) => control === undefined)
    .flatMap((server) => server.attempts);
  const gathering = report.gatherings?.find(({ url }) => url === null);
  const relays = attempts.flatMap(({ relay }) => relay ?? []);
  const most = (values: readonly (number | null | undefined)[]): number | undefined => {
    const known = values.filter((value) => typeof value === 'number');
    return known.length === 0 ? undefined : Math.max(...known);
  };
  const complete = gathering?.states.find(({ state }) => state === 'complete')?.ms;
  const days = attempts.flatMap(({ tls }) => tls?.daysLeft ?? []);
  const entries: readonly (readonly [string, number | undefined, string])[] = [
    ['time', report.durationMs / 1000, 's;;;0'],
    ['gathering', complete === undefined ? undefined : complete / 1000, 's;;;0'],
    ['relay_candidates', gathering?.candidates.filter(({ type }) => type === 'relay').length, ';;;0'],
    ['rtt', seconds(most(relays.map(({ rttMs }) => rttMs?.p95))), 's;;;0'],
    ['loss', most(relays.map(({ lossPercent }) => lossPercent)), '%;;;0;100'],
    ['certificate_days', days.length === 0 ? undefined : Math.min(...days), ''],
  ];
  return entries.flatMap(([label, value, rest]) =>
    value === undefined ? [] : [`${prefix}${label}=${Number(value.toFixed(6))}${rest}`],
  );
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
