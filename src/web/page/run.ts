import { VERSION } from '../../core/version.ts';
import { makeReport } from '../../diagnosis/make-report.ts';
import { reportedConfiguration } from '../../record/configuration.ts';
import { EventLog } from '../../record/event-log.ts';
import type { EventBody, RunEvent } from '../../record/events.ts';
import type { PageIceServer } from '../../record/page-messages.ts';
import type { IceTransportPolicy, Report, Vantage } from '../../record/report.ts';
import { gatherInBrowser } from './gather.ts';

export interface RunSettings {
  readonly iceServers: readonly PageIceServer[];
  readonly iceTransportPolicy: IceTransportPolicy;
  readonly timeoutMs: number;
  readonly poolSize: number;
  /** Each URL in a connection of its own as well, so that each failure belongs to a URL. */
  readonly perUrl: boolean;
}

/** So many connections at a time: a browser allows a few hundred in all, and each has sockets on every interface. */
const CONNECTIONS_AT_A_TIME = 8;

/** One run, from both vantages: puts their events into one order, and makes the report of what there is so far. */
export class Run {
  readonly settings: RunSettings;
  readonly log = new EventLog();
  readonly waiting = new Set<string>();
  browserRuns = true;
  terminalRuns = false;
  /** Why the terminal gave up, in its own words. */
  terminalError: string | null = null;
  /** What the terminal waits for. */
  terminalProgress = '';
  readonly #abort = new AbortController();
  readonly #startedAt = performance.now();
  readonly #onEvent: (event: RunEvent) => void;
  #seq = 0;
  #terminalOffset: number | undefined;
  #finished = false;

  constructor(settings: RunSettings, onEvent: (event: RunEvent) => void) {
    this.settings = settings;
    this.#onEvent = onEvent;
    this.record({
      type: 'run-started',
      command: 'web',
      tool: { name: 'iceprobe', version: VERSION },
      startedAt: new Date().toISOString(),
      configuration: reportedConfiguration(settings.iceServers, settings.iceTransportPolicy),
      deadlineMs: settings.timeoutMs,
    });
  }

  get running(): boolean {
    return this.browserRuns || this.terminalRuns;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Bound. */
  readonly record = (body: EventBody): void => this.#add({ ...body, ms: round(this.elapsedMs), vantage: 'browser' });

  /** An event of the terminal: its clock began when its run did. */
  addFromTerminal(event: RunEvent): void {
    this.#terminalOffset ??= this.elapsedMs - event.ms;
    if (event.type === 'progress') this.terminalProgress = event.text;
    // The run is the page's: the terminal's own beginning and end would say otherwise.
    if (event.type === 'run-started' || event.type === 'run-finished') return;
    const { seq: _seq, ms, ...rest } = event;
    this.#add({ ...rest, ms: round(Math.max(0, ms + this.#terminalOffset)) });
  }

  /** Gathers in this browser: all servers together as a call would, and each URL alone. */
  async gather(): Promise<void> {
    const { iceServers, iceTransportPolicy, timeoutMs, poolSize, perUrl } = this.settings;
    const common = { iceTransportPolicy, timeoutMs, signal: this.#abort.signal };
    const all = gatherInBrowser(
      { ...common, iceServers, url: null, ...(poolSize > 0 ? { iceCandidatePoolSize: poolSize } : {}) },
      this.record,
    );
    const alone = iceServers.flatMap((server) => server.urls.map((url) => ({ ...server, urls: [url] })));
    const queue = perUrl ? [...new Map(alone.map((server) => [server.urls[0] ?? '', server]))] : [];
    for (const [url] of queue) this.waiting.add(url);
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined && !this.#abort.signal.aborted; next = queue.shift()) {
        const [url, server] = next;
        await gatherInBrowser({ ...common, iceServers: [server], url }, this.record).catch((error: unknown) =>
          this.record({ type: 'note', text: `${url}: ${String(error)}` }),
        );
        this.waiting.delete(url);
      }
    };
    const workers = Array.from({ length: CONNECTIONS_AT_A_TIME }, worker);
    await Promise.all([all.catch((error: unknown) => this.record({ type: 'note', text: String(error) })), ...workers]);
    this.waiting.clear();
    this.browserRuns = false;
  }

  stop(): void {
    this.#abort.abort();
  }

  /** What is known so far, judged; for a page that is looked at while the run lasts. */
  report(withEvents = false): Report {
    if (!this.running && !this.#finished) {
      this.#finished = true;
      const { verdict, exitCode } = makeReport(this.log);
      this.record({ type: 'run-finished', verdict, exitCode });
    }
    return makeReport(this.log, { withEvents });
  }

  #add(event: Omit<RunEvent, 'seq'> & { readonly ms: number; readonly vantage: Vantage }): void {
    const stamped = { ...event, seq: ++this.#seq } as RunEvent;
    this.log.add(stamped);
    this.#onEvent(stamped);
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
