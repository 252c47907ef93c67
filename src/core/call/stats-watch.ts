import type { CandidatePair } from './events.ts';
import type { Bridges } from './path.ts';
import type { CallClock, PeerConnection } from './peer-connection.ts';
import { readStats } from './stats.ts';

const EVERY_MS = 200;
/** How long the last look may take: a stack that is stuck must not hold up the end. */
const LAST_MS = 500;

interface Listener {
  onPair(pair: CandidatePair): void;
  onDtls(state: string): void;
  /** Now and then: not every stack says each time that a state changed. */
  onLook(): void;
}

/** Looks at the statistics now and then, and tells a pair when it changed; at the end each once more, with its counts. */
export class StatsWatch {
  readonly #connection: PeerConnection;
  readonly #clock: CallClock;
  readonly #bridges: Bridges;
  readonly #listener: Listener;
  readonly #seen = new Map<string, string>();
  #cancel: () => void;
  #isOver = false;
  #isLooking = false;

  constructor(connection: PeerConnection, clock: CallClock, bridges: Bridges, listener: Listener) {
    this.#connection = connection;
    this.#clock = clock;
    this.#bridges = bridges;
    this.#listener = listener;
    this.#cancel = clock.after(EVERY_MS, () => this.#tick());
  }

  /** Out of turn: something has changed. */
  look(): void {
    if (!this.#isOver) void this.#look(false);
  }

  /** The last look; resolves when it is over, at the latest after {@link LAST_MS}. */
  async finish(): Promise<void> {
    this.#isOver = true;
    this.#cancel();
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(LAST_MS, resolve);
      void this.#look(true).then(() => {
        cancel();
        resolve();
      });
    });
  }

  #tick(): void {
    void this.#look(false);
    this.#cancel = this.#clock.after(EVERY_MS, () => this.#tick());
  }

  async #look(isLast: boolean): Promise<void> {
    if (this.#isLooking && !isLast) return;
    this.#isLooking = true;
    this.#listener.onLook();
    try {
      const { pairs, dtlsState } = readStats(await this.#connection.getStats(), this.#bridges);
      if (this.#isOver && !isLast) return;
      if (dtlsState !== null) this.#listener.onDtls(dtlsState);
      for (const pair of pairs) {
        const shape = `${pair.state} ${pair.nominated} ${pair.selected} ${pair.requestsReceived > 0} ${pair.responsesReceived > 0}`;
        if (!isLast && this.#seen.get(pair.id) === shape) continue;
        this.#seen.set(pair.id, shape);
        this.#listener.onPair(pair);
      }
    } catch {
      // A connection that is being closed has no statistics any more; those before stay.
    } finally {
      this.#isLooking = false;
    }
  }
}
