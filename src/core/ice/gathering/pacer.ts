import type { Deadline } from '../../machine.ts';
import type { Instant } from '../../time.ts';

/** RFC 8445 14.2: new transactions begin Ta apart at the least, in the order in which they were asked for. */
export class Pacer {
  readonly #intervalMs: number;
  readonly #waiting: ((now: Instant) => void)[] = [];
  #freeAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  get deadline(): Deadline | undefined {
    if (this.#waiting.length === 0) return undefined;
    return { at: this.#freeAt, why: `pacing: ${this.#waiting.length} transactions wait for their turn` };
  }

  /** At once where nothing has begun for Ta. */
  add(begin: (now: Instant) => void, now: Instant): void {
    this.#waiting.push(begin);
    this.handleTimeout(now);
  }

  handleTimeout(now: Instant): void {
    while (now >= this.#freeAt) {
      const begin = this.#waiting.shift();
      if (begin === undefined) return;
      this.#freeAt = now + this.#intervalMs;
      begin(now);
    }
  }

  clear(): void {
    this.#waiting.length = 0;
  }
}
