import { VERSION } from '../../core/version.ts';
import { makeReport } from '../../diagnosis/make-report.ts';
import { reportedConfiguration } from '../../record/configuration.ts';
import { EventLog } from '../../record/event-log.ts';
import type { EventBody, RunEvent } from '../../record/events.ts';
import type { PageIceServer } from '../../record/page-messages.ts';
import type { IceTransportPolicy, Report, Vantage } from '../../record/report.ts';

/** What this page does from a press of a button to its end: puts the events into one order, and makes the report of what there is so far. */
export abstract class PageRun {
  browserRuns = true;
  terminalRuns = false;
  protected readonly abort = new AbortController();
  readonly #log = new EventLog();
  readonly #startedAt = performance.now();
  readonly #onEvent: (event: RunEvent) => void;
  #seq = 0;
  #finished = false;

  constructor(
    command: 'web' | 'call',
    configuration: { readonly iceServers: readonly PageIceServer[]; readonly iceTransportPolicy: IceTransportPolicy },
    deadlineMs: number,
    onEvent: (event: RunEvent) => void,
  ) {
    this.#onEvent = onEvent;
    this.record({
      type: 'run-started',
      command,
      tool: { name: 'iceprobe', version: VERSION },
      startedAt: new Date().toISOString(),
      configuration: reportedConfiguration(configuration.iceServers, configuration.iceTransportPolicy),
      deadlineMs,
    });
  }

  get running(): boolean {
    return this.browserRuns || this.terminalRuns;
  }

  get elapsedMs(): number {
    return this.msOf(performance.now());
  }

  /** Of the run, at an instant of `performance`. */
  msOf(at: number): number {
    return at - this.#startedAt;
  }

  /** Bound. */
  readonly record = (body: EventBody & { readonly ms?: number }): void =>
    this.add({ ...body, ms: round(body.ms ?? this.elapsedMs), vantage: 'browser' });

  stop(): void {
    this.abort.abort();
  }

  /** What is known so far, judged; for a page that is looked at while the run lasts. */
  report(withEvents = false): Report {
    if (!this.running && !this.#finished) {
      this.#finished = true;
      const { verdict, exitCode } = makeReport(this.#log);
      this.record({ type: 'run-finished', verdict, exitCode });
    }
    return makeReport(this.#log, { withEvents });
  }

  protected add(event: Omit<RunEvent, 'seq'> & { readonly ms: number; readonly vantage: Vantage }): void {
    const stamped = { ...event, seq: ++this.#seq } as RunEvent;
    this.#log.add(stamped);
    this.#onEvent(stamped);
  }
}

export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
