import type { RunEvent } from '../../record/events.ts';
import type { PageIceServer } from '../../record/page-messages.ts';
import type { IceTransportPolicy } from '../../record/report.ts';
import { gatherInBrowser } from './gather.ts';
import { PageRun, round } from './page-run.ts';

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

/** One gathering, from both vantages. */
export class Run extends PageRun {
  readonly #settings: RunSettings;
  #terminalOffset: number | undefined;

  constructor(settings: RunSettings, onEvent: (event: RunEvent) => void) {
    super('web', settings, settings.timeoutMs, onEvent);
    this.#settings = settings;
  }

  /** An event of the terminal: its clock began when its run did. */
  addFromTerminal(event: RunEvent): void {
    this.#terminalOffset ??= this.elapsedMs - event.ms;
    // The run is the page's: the terminal's own beginning and end would say otherwise.
    if (event.type === 'run-started' || event.type === 'run-finished') return;
    const { seq: _seq, ms, ...rest } = event;
    this.add({ ...rest, ms: round(Math.max(0, ms + this.#terminalOffset)) });
  }

  /** Gathers in this browser: all servers together as a call would, and each URL alone. */
  async gather(): Promise<void> {
    const { iceServers, iceTransportPolicy, timeoutMs, poolSize, perUrl } = this.#settings;
    const common = { iceTransportPolicy, timeoutMs, signal: this.abort.signal };
    const all = gatherInBrowser(
      { ...common, iceServers, url: null, ...(poolSize > 0 ? { iceCandidatePoolSize: poolSize } : {}) },
      this.record,
    );
    const alone = iceServers.flatMap((server) => server.urls.map((url) => ({ ...server, urls: [url] })));
    const queue = perUrl ? [...new Map(alone.map((server) => [server.urls[0] ?? '', server]))] : [];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined && !this.abort.signal.aborted; next = queue.shift()) {
        const [url, server] = next;
        await gatherInBrowser({ ...common, iceServers: [server], url }, this.record).catch((error: unknown) =>
          this.record({ type: 'note', text: `${url}: ${String(error)}` }),
        );
      }
    };
    const workers = Array.from({ length: CONNECTIONS_AT_A_TIME }, worker);
    await Promise.all([all.catch((error: unknown) => this.record({ type: 'note', text: String(error) })), ...workers]);
    this.browserRuns = false;
  }
}
