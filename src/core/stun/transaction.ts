import type { Deadline } from '../machine.ts';
import type { Instant } from '../time.ts';

/**
 * When a request is sent again and when it is given up, in milliseconds. Explicit and reported: "no answer" means little
 * without it.
 */
export interface Timing {
  /** The first retransmission timeout; each later one is twice the one before (RFC 8489 6.2.1: at least 500 ms). */
  readonly rtoMs: number;
  /** Rc, how often the request is sent in all (RFC 8489 6.2.1: 7). */
  readonly maxSends: number;
  /** Rm: after the last send the wait is this many times `rtoMs` (RFC 8489 6.2.1: 16). */
  readonly lastWaitFactor: number;
  /** No waiting beyond this since the first send, whatever the schedule says; absent: the schedule alone. */
  readonly giveUpMs?: number;
  /** The longest gap between two sends (libwebrtc: 8000); absent: doubling without bound. */
  readonly maxRtoMs?: number;
}

/** RFC 8489 6.2.1 over UDP: sends at 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s, failure at 39.5 s. */
export const RFC8489_TIMING: Timing = { rtoMs: 500, maxSends: 7, lastWaitFactor: 16 };

/** RFC 8489 6.2.2, over TCP and TLS: sent once, Ti = 39.5 s. */
export const RELIABLE_TIMING: Timing = { rtoMs: 39_500, maxSends: 1, lastWaitFactor: 1 };

export type TransactionState = 'waiting' | 'answered' | 'timeout';

/**
 * The clock of one request (RFC 8489 6.2): says when to send it, again and for the last time, and when to give up. Holds
 * no bytes and judges no answer; its owner does. Over a reliable transport pass a `Timing` with one send.
 */
export class Transaction {
  readonly transactionId: Uint8Array;
  readonly timing: Timing;
  readonly startedAt: Instant;
  readonly #name: string;
  #sends = 0;
  #state: TransactionState = 'waiting';
  #nextAt: Instant;
  #deadline: Deadline | undefined;

  /** `name` is the method in words, for the reason of the deadline. Due at once: call {@link due} to send. */
  constructor(name: string, transactionId: Uint8Array, timing: Timing, now: Instant) {
    this.#name = name;
    this.transactionId = transactionId;
    this.timing = timing;
    this.startedAt = now;
    this.#nextAt = now;
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** How often the request was sent so far. */
  get sends(): number {
    return this.#sends;
  }

  /** Looked at after each packet of a run, so its words are put together once for each send. */
  get deadline(): Deadline | undefined {
    if (this.#state !== 'waiting') return undefined;
    this.#deadline ??= { at: Math.min(this.#nextAt, this.#limit), why: this.#why() };
    return this.#deadline;
  }

  /** What is due now: `send` (once for each call), `timeout` when given up (once), or nothing. */
  due(now: Instant): 'send' | 'timeout' | undefined {
    if (this.#state !== 'waiting' || now < Math.min(this.#nextAt, this.#limit)) return undefined;
    if (now >= this.#limit || this.#sends >= this.timing.maxSends) {
      this.#state = 'timeout';
      return 'timeout';
    }
    const { rtoMs, maxSends, lastWaitFactor, maxRtoMs = Number.POSITIVE_INFINITY } = this.timing;
    this.#sends++;
    this.#deadline = undefined;
    const gap = this.#sends === maxSends ? rtoMs * lastWaitFactor : Math.min(rtoMs * 2 ** (this.#sends - 1), maxRtoMs);
    // From the instant that was due, not from `now`: a driver that wakes late must not stretch the schedule. But what was
    // slept over is not made up for in a burst, and the last send is waited for in full.
    this.#nextAt = this.#nextAt + gap > now ? this.#nextAt + gap : now + gap;
    return 'send';
  }

  answered(): void {
    if (this.#state === 'waiting') this.#state = 'answered';
  }

  /** Ends the waiting at once, as after an ICMP error or the loss of the connection. */
  abandon(): void {
    if (this.#state === 'waiting') this.#state = 'timeout';
  }

  #why(): string {
    if (this.#sends === 0) return `sending of ${this.#name}`;
    const last = this.#sends >= this.timing.maxSends || this.#nextAt >= this.#limit;
    return last
      ? `end of waiting for the answer to ${this.#name} (sent ${this.#sends} times)`
      : `${ordinal(this.#sends)} retransmission of ${this.#name}`;
  }

  get #limit(): Instant {
    return this.timing.giveUpMs === undefined ? Number.POSITIVE_INFINITY : this.startedAt + this.timing.giveUpMs;
  }
}

function ordinal(n: number): string {
  return ['', 'first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'][n] ?? `${n}th`;
}
