import type { EventBody, RunEvent } from './events.ts';
import type { Vantage } from './report.ts';

export type EventSink = (body: EventBody) => void;

/**
 * Stamps events in the order in which they come and hands each on. Bounded: the caller keeps them (see `EventLog`), the
 * recorder holds none.
 */
export class Recorder {
  readonly #now: () => number;
  readonly #vantage: Vantage;
  readonly #listeners: ((event: RunEvent) => void)[] = [];
  #seq = 0;

  /** `now` gives milliseconds since the start of the run. */
  constructor(now: () => number, vantage: Vantage = 'terminal') {
    this.#now = now;
    this.#vantage = vantage;
  }

  subscribe(listener: (event: RunEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** Bound, so that it can be handed on as an {@link EventSink}. */
  readonly record: EventSink = (body) => {
    // Microseconds are enough, and keep the numbers short in a report.
    const ms = Math.round(this.#now() * 1000) / 1000;
    const event = { seq: ++this.#seq, ms, vantage: this.#vantage, ...body } as RunEvent;
    for (const listener of this.#listeners) listener(event);
  };
}
