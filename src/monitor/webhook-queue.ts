import type { Change } from './health.ts';

/** More are not held for a receiver that is away: the oldest go first, and their number is told. */
export const MOST_QUEUED = 1000;
/** Of changes in one request. */
const MOST_AT_ONCE = 100;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

/**
 * What a webhook has still to be told, in order, one request at a time, each repeated until it is taken: after one second,
 * two, four, and so on up to a minute. A machine: told the time in milliseconds of a monotonic clock.
 */
export class WebhookQueue {
  readonly #changes: Change[] = [];
  #sending = 0;
  #failures = 0;
  #notBefore = Number.NEGATIVE_INFINITY;

  /** How many changes were dropped for want of room: 0 or 1. */
  add(change: Change): number {
    this.#changes.push(change);
    if (this.#changes.length <= MOST_QUEUED) return 0;
    // What is being sent stays: it may have arrived.
    this.#changes.splice(this.#sending, 1);
    return 1;
  }

  get length(): number {
    return this.#changes.length;
  }

  /** When to ask {@link next} again; undefined: once there is something new, or an answer. */
  get deadline(): number | undefined {
    return this.#sending > 0 || this.#changes.length === 0 ? undefined : this.#notBefore;
  }

  /** What to send now, if anything. */
  next(now: number): readonly Change[] | undefined {
    if (this.#sending > 0 || this.#changes.length === 0 || now < this.#notBefore) return undefined;
    const batch = this.#changes.slice(0, MOST_AT_ONCE);
    this.#sending = batch.length;
    return batch;
  }

  /** The request for what {@link next} gave was answered well. */
  delivered(): void {
    this.#changes.splice(0, this.#sending);
    this.#sending = 0;
    this.#failures = 0;
    this.#notBefore = Number.NEGATIVE_INFINITY;
  }

  /** It was not; resolves to how many milliseconds later it is tried again. */
  failed(now: number): number {
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#sending = 0;
    this.#failures++;
    this.#notBefore = now + wait;
    return wait;
  }

  /** How many requests have failed since the last good one. */
  get failures(): number {
    return this.#failures;
  }

  /** The receiver says that it will never take this: gives up what was sent. Resolves to how much that was. */
  refused(): number {
    const count = this.#sending;
    this.delivered();
    return count;
  }
}
