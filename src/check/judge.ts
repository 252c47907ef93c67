import type { Finding } from '../record/finding.ts';
import type { Report } from '../record/report.ts';
import { type Allowance, expired, isAllowed } from './allowance.ts';
import { type Check, toExpectation } from './check.ts';

export interface JudgeOptions {
  readonly checks: readonly Check[];
  readonly allowances: readonly Allowance[];
  /** From which severity on a finding fails the check. */
  readonly failOn: 'error' | 'warning';
}

/**
 * Holds a report to what is expected of it. Findings that are allowed become information, so that they are still read;
 * findings at or above `failOn` and expectations that are not met make it an error; what is not determined stays so.
 * Allowances count by the day (UTC) on which the run began.
 */
export function judge(report: Report, options: JudgeOptions): Report {
  const today = report.startedAt.slice(0, '2026-01-31'.length);
  const findings = report.findings.map((finding) =>
    isAllowed(finding, options.allowances, today) ? lowered(finding) : finding,
  );
  const expectations = options.checks.map((check) => toExpectation(check, { ...report, findings }));
  const failing = findings.some(
    ({ severity }) => severity === 'error' || (severity === 'warning' && options.failOn === 'warning'),
  );
  const unmet = expectations.some(({ met }) => met === false);
  const open = expectations.some(({ met }) => met === null);
  const verdict =
    failing || unmet
      ? 'error'
      : open
        ? 'undetermined'
        : findings.some(({ severity }) => severity === 'warning')
          ? 'warning'
          : 'ok';
  const stale = expired(options.allowances, today);
  const notes = stale.map(({ text }) => `the allowance "${text}" has ended and no longer counts`);
  return {
    ...report,
    command: 'check',
    findings,
    expectations,
    verdict,
    exitCode: verdict === 'error' ? 1 : verdict === 'undetermined' ? 3 : 0,
    ...(notes.length > 0 && { notes: [...(report.notes ?? []), ...notes] }),
  };
}

function lowered(finding: Finding): Finding {
  if (finding.severity !== 'error' && finding.severity !== 'warning') return finding;
  return {
    ...finding,
    severity: 'info',
    params: { ...finding.params, allowed: true, severityBefore: finding.severity },
  };
}
