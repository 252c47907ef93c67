import type { SocketAddress } from '../address.ts';
import { toHex } from '../bytes.ts';
import type { Random } from '../random.ts';
import { MessageBuilder } from '../stun/encode.ts';
import { Method } from '../stun/registry.ts';
import type { Instant } from '../time.ts';

const ROUNDS = 8;
const INTERVAL_MS = 50;
const SETTLE_MS = 250;

/**
 * Hairpinning (RFC 4787 6, RFC 5780 4.5): two sockets of ours send to each other's mapped address, both ways, so that a
 * filter on the way in cannot be mistaken for a missing hairpin. One arrival proves it.
 */
export class HairpinTrial {
  readonly ends: readonly [SocketAddress, SocketAddress];
  readonly #random: Random;
  readonly #ids = new Set<string>();
  #rounds = 0;
  #nextAt: Instant;
  #done = false;
  hairpins = false;
  answerFrom: SocketAddress | undefined;

  /** `ends` are the mapped addresses of the two sockets. */
  constructor(ends: readonly [SocketAddress, SocketAddress], random: Random, now: Instant) {
    this.ends = ends;
    this.#random = random;
    this.#nextAt = now;
  }

  get done(): boolean {
    return this.#done;
  }

  get tries(): number {
    return this.#rounds * 2;
  }

  get nextAt(): Instant | undefined {
    return this.#done ? undefined : this.#nextAt;
  }

  /** The packets of a round: the first for the first socket to send to the second's mapped address, and the reverse. */
  due(now: Instant): readonly [Uint8Array, Uint8Array] | undefined {
    if (this.#done || now < this.#nextAt) return undefined;
    if (this.#rounds >= ROUNDS) {
      this.#done = true;
      return undefined;
    }
    this.#rounds++;
    this.#nextAt = now + (this.#rounds === ROUNDS ? SETTLE_MS : INTERVAL_MS);
    return [this.#packet(), this.#packet()];
  }

  arrived(transactionId: Uint8Array, from: SocketAddress): boolean {
    if (!this.#ids.has(toHex(transactionId))) return false;
    this.hairpins = true;
    this.#done = true;
    this.answerFrom = from;
    return true;
  }

  #packet(): Uint8Array {
    const transactionId = this.#random.bytes(12);
    this.#ids.add(toHex(transactionId));
    return new MessageBuilder('indication', Method.Binding, transactionId).build();
  }
}
