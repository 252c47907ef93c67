import type { InstalledBrowser } from '../../browser/find.ts';
import { finishRun } from '../../diagnosis/make-report.ts';
import { type SuiteOptions, startSuite } from '../../probe/suite.ts';
import type { RunEvent } from '../../record/events.ts';
import type { Report } from '../../record/report.ts';
import { observeFromVantages } from '../gather/vantages.ts';
import type { CaptureFile } from '../output/capture-file.ts';

/** What becomes of a run while it lasts, and of its report. */
export interface Observing {
  readonly onEvent: (event: RunEvent) => void;
  /** Put all events into the report. */
  readonly withEvents: boolean;
  /** Default `terminal`. */
  readonly vantage?: 'terminal' | 'browser' | 'both' | undefined;
  /** The one that gathers, where one does. */
  readonly browser?: InstalledBrowser | undefined;
  readonly capture?: CaptureFile | undefined;
  /** Holds the report to what is expected of it: the end of the run tells the verdict that comes of it. */
  readonly judge?: ((report: Report) => Report) | undefined;
  /** How often a run that failed is repeated. A later success is reported as the flake it is. */
  readonly retries?: number | undefined;
}

type Options = SuiteOptions & { readonly signal: AbortSignal };

/** Asks a network the questions of a suite, again where that is wanted. `options` are made anew for each run. */
export async function observe(options: () => Options, observing: Observing): Promise<Report> {
  const { retries = 0 } = observing;
  const failures: string[] = [];
  for (let attempt = 1; ; attempt++) {
    const given = options();
    const report = await observeOnce(given, observing);
    if (report.exitCode === 0 || attempt > retries || given.signal.aborted)
      return withFlakes(report, attempt, failures);
    const unmet = (report.expectations ?? []).filter(({ met }) => met !== true).map(({ text }) => text);
    const errors = report.findings.filter(({ severity }) => severity === 'error').map(({ id }) => id);
    failures.push(`run ${attempt} failed (${[...new Set([...unmet, ...errors])].join(', ') || report.verdict})`);
  }
}

async function observeOnce(options: Options, observing: Observing): Promise<Report> {
  const { onEvent, withEvents, vantage, browser, capture, judge } = observing;
  const suite = capture === undefined ? options : { ...options, onPacket: capture.begin() };
  const start = () => startSuite(suite, (log, record) => finishRun(log, record, { withEvents }, judge));
  if (browser !== undefined) {
    const startHere = vantage === 'both' ? start : undefined;
    const command = options.command ?? 'doctor';
    return observeFromVantages(options, { browser, command, withEvents, startHere, judge }, onEvent);
  }
  const run = start();
  for await (const event of run) onEvent(event);
  return run.report;
}

function withFlakes(report: Report, attempt: number, failures: readonly string[]): Report {
  if (failures.length === 0) return report;
  const outcome = report.exitCode === 0 ? `passed in run ${attempt}, which makes it unreliable` : 'failed every time';
  return { ...report, notes: [...(report.notes ?? []), `${outcome}: ${failures.join('; ')}`] };
}
