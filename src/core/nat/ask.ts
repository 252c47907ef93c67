import type { SocketAddress } from '../address.ts';
import { toHex } from '../bytes.ts';
import type { TransportId } from '../machine.ts';
import type { Random } from '../random.ts';
import { ChangeRequest, type ChangeRequestValue } from '../stun/attributes.ts';
import { MessageBuilder } from '../stun/encode.ts';
import { Method } from '../stun/registry.ts';
import type { Instant } from '../time.ts';

/** Where an answer came from and when, and which of the sends it answers. */
export interface Answer {
  readonly from: SocketAddress;
  readonly rttMs: number;
}

export interface AskOptions {
  readonly transport: TransportId;
  readonly to: SocketAddress;
  readonly change?: ChangeRequestValue;
  readonly intervalMs: number;
  readonly maxSends: number;
  /** How long an answer to the last send is waited for. */
  readonly lastWaitMs: number;
}

/** One of several hosts behind an address may refuse while another answers. */
const HURRIED_SENDS = 3;

/**
 * A Binding request sent again and again, each time as a new transaction: its answers count losses, which retransmissions
 * of one transaction (RFC 8489 6.2.1) would hide.
 */
export class Ask {
  readonly options: AskOptions;
  readonly #random: Random;
  readonly #sentAt = new Map<string, Instant>();
  #sends = 0;
  #answers = 0;
  #nextAt: Instant;
  #stopped = false;
  #limits: Pick<AskOptions, 'maxSends' | 'lastWaitMs'>;

  constructor(options: AskOptions, random: Random, now: Instant) {
    this.options = options;
    this.#limits = options;
    this.#random = random;
    this.#nextAt = now;
  }

  get sends(): number {
    return this.#sends;
  }

  get answers(): number {
    return this.#answers;
  }

  get done(): boolean {
    return this.#stopped;
  }

  /** The instant of the next send, or of giving up. */
  get nextAt(): Instant | undefined {
    return this.#stopped ? undefined : this.#nextAt;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** It is known to be in vain, as far as one packet tells: a few sends and a short wait are enough. */
  hurry(): void {
    if (this.#answers === 0) this.#limits = { maxSends: HURRIED_SENDS, lastWaitMs: this.options.intervalMs };
  }

  /** The next request if one is due; ends the ask when the wait after the last is over. */
  due(now: Instant): Uint8Array | undefined {
    if (this.#stopped || now < this.#nextAt) return undefined;
    if (this.#sends >= this.#limits.maxSends) {
      this.#stopped = true;
      return undefined;
    }
    this.#sends++;
    const last = this.#sends === this.#limits.maxSends;
    this.#nextAt = Math.max(this.#nextAt, now) + (last ? this.#limits.lastWaitMs : this.options.intervalMs);
    const transactionId = this.#random.bytes(12);
    this.#sentAt.set(toHex(transactionId), now);
    return new MessageBuilder('request', Method.Binding, transactionId)
      .addOptional(ChangeRequest, this.options.change)
      .build();
  }

  /** Takes an answer that is this ask's; undefined where the transaction is not, or was answered before. */
  take(transactionId: Uint8Array, from: SocketAddress, now: Instant): Answer | undefined {
    const id = toHex(transactionId);
    const sentAt = this.#sentAt.get(id);
    if (sentAt === undefined) return undefined;
    this.#sentAt.delete(id);
    this.#answers++;
    return { from, rttMs: now - sentAt };
  }
}
