import type { Report } from '../record/report.ts';
import { printableReport } from '../report/printable.ts';
import type { MonitorClock, MonitorTarget } from './monitor.ts';

/** A run that goes on for this long after its own deadline will not end any more. */
const STUCK_MS = 10_000;

/** A run that neither ended nor could be aborted. */
export class Stuck extends Error {
  override readonly name = 'Stuck';
}

/** Runs a target once. Rejects with {@link Stuck} where that does not end, or with what the run rejects with. */
export async function runBounded(target: MonitorTarget, run: AbortController, clock: MonitorClock): Promise<Report> {
  let limit: { cancel(): void } | undefined;
  const stuck = new Promise<never>((_, reject) => {
    const giveUp = (): void => {
      run.abort();
      reject(new Stuck(`the run did not end ${STUCK_MS / 1000} s after its deadline`));
    };
    // In two parts: after a time in which this machine stood still, the run must have its chance to end.
    limit = clock.after(target.longestMs, () => {
      limit = clock.after(STUCK_MS, giveUp);
    });
  });
  try {
    return await Promise.race([target.run(run.signal), stuck]);
  } finally {
    limit?.cancel();
  }
}

/**
 * Fit to be shown, and without what only a report of its own would show: it is kept until the next run, for each of hundreds
 * of targets.
 */
export function keptReport(report: Report): Report {
  const { events: _, findings, ...rest } = report;
  return printableReport({ ...rest, findings: findings.map((finding) => ({ ...finding, evidence: [] })) });
}
