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
    const event = {
      seq: ++this.#seq,
      ms: toMicroseconds(this.#now()),
      vantage: this.#vantage,
      ...rounded(body),
    } as RunEvent;
    for (const listener of this.#listeners) listener(event);
  };
}

/** Microseconds are enough, and keep the numbers short in a report. */
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Times are differences of instants, with as many digits as a double has. */
function rounded<T extends object>(body: T): T {
  const changes = Object.entries(body)
    .map(([key, value]) => [key, shortened(key, value), value] as const)
    .filter(([, short, value]) => short !== value);
  if (changes.length === 0) return body;
  return { ...body, ...Object.fromEntries(changes.map(([key, short]) => [key, short])) };
}

function shortened(key: string, value: unknown): unknown {
  if (typeof value === 'number') return /^ms$|Ms$/.test(key) ? toMicroseconds(value) : value;
  if (Array.isArray(value)) return key.endsWith('Ms') ? value.map((each: unknown) => shortened(key, each)) : value;
  // What a stage or a candidate says of its times.
  return (key === 'data' || key === 'candidate') && typeof value === 'object' && value !== null
    ? rounded(value)
    : value;
}
