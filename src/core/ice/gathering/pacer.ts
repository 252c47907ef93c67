import type { Deadline } from '../../machine.ts';
import type { Instant } from '../../time.ts';

/** Of the turns that a late timer missed, so many are made up for at once; the rest of the time is lost. */
const MADE_UP_AT_MOST = 4;

interface Waiting {
  readonly since: Instant;
  readonly begin: (now: Instant) => void;
}

/**
 * RFC 8445 14.2: new transactions begin Ta apart, in the order in which they were asked for. It is the rate that matters
 * to a NAT, so who is woken late begins what was due, and the schedule does not slip by it.
 */
export class Pacer {
  readonly #intervalMs: number;
  readonly #waiting: Waiting[] = [];
  readonly #last: Waiting[] = [];
  #freeAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  get deadline(): Deadline | undefined {
    const next = this.#next;
    if (next === undefined) return undefined;
    const count = this.#waiting.length + this.#last.length;
    return { at: this.#slotOf(next), why: `pacing: ${count} transactions wait for their turn` };
  }

  /** At once where nothing has begun for Ta. */
  add(begin: (now: Instant) => void, now: Instant): void {
    this.#waiting.push({ since: now, begin });
    this.handleTimeout(now);
  }

  /** After all that is waiting by then and was not added as the last: what the gathering can complete without. */
  addLast(begin: (now: Instant) => void, now: Instant): void {
    this.#last.push({ since: now, begin });
    this.handleTimeout(now);
  }

  handleTimeout(now: Instant): void {
    for (let next = this.#next; next !== undefined; next = this.#next) {
      const slot = this.#slotOf(next);
      if (now < slot) return;
      (this.#waiting.length > 0 ? this.#waiting : this.#last).shift();
      this.#freeAt = Math.max(slot, now - MADE_UP_AT_MOST * this.#intervalMs) + this.#intervalMs;
      next.begin(now);
    }
  }

  clear(): void {
    this.#waiting.length = 0;
    this.#last.length = 0;
  }

  get #next(): Waiting | undefined {
    return this.#waiting[0] ?? this.#last[0];
  }

  #slotOf({ since }: Waiting): Instant {
    return Math.max(this.#freeAt, since);
  }
}
