import type { SocketAddress } from '../address.ts';
import { toHex } from '../bytes.ts';
import type { Random } from '../random.ts';
import { MessageBuilder } from '../stun/encode.ts';
import { Method } from '../stun/registry.ts';
import type { Instant } from '../time.ts';
import { doubtOf, MAX_DOUBT, type SenderRelation } from './filtering.ts';

const TEST_SENDS = 14;
const CONTROL_SENDS = 14;
const INTERVAL_MS = 40;
const SETTLE_MS = 400;

export type RelayAction =
  /** From the relayed address to our mapped address: the one our server sees, or in the control the one the relay sees. */
  | { readonly type: 'relay-send'; readonly to: SocketAddress; readonly bytes: Uint8Array }
  /** From our socket to the relayed address. */
  | { readonly type: 'send'; readonly bytes: Uint8Array };

/**
 * Filtering without RFC 5780: a relay of ours sends to our mapped address, from an address that our socket never sent to.
 * Then the control: our socket sends to the relay, which opens any filter, and the relay sends again. Silence before and
 * arrivals after is the filter; silence in both is something else. What the relay hears of us is a mapping sample too.
 */
export class RelayTrial {
  readonly relay: string;
  readonly relayed: SocketAddress;
  readonly sender: SenderRelation;
  readonly #target: SocketAddress;
  readonly #random: Random;
  readonly #testIds = new Set<string>();
  readonly #controlIds = new Set<string>();
  #phase: 'test' | 'settle' | 'open' | 'control' | 'last' | 'done' = 'test';
  #sends = 0;
  #controlSends = 0;
  #controlArrivals = 0;
  #opens = 0;
  #settling = true;
  reported = false;
  readonly note: string | undefined = undefined;
  #nextAt: Instant;
  #outcome: 'arrived' | 'filtered' | 'undetermined' | undefined;
  answerFrom: SocketAddress | undefined;
  /** The source that the relay saw of our socket. */
  mapped: SocketAddress | undefined;

  /** `target` is our socket's mapped address, as the one server that it sent to sees it. */
  constructor(
    relay: string,
    relayed: SocketAddress,
    target: SocketAddress,
    sender: SenderRelation,
    random: Random,
    now: Instant,
  ) {
    this.#target = target;
    this.relay = relay;
    this.relayed = relayed;
    this.sender = sender;
    this.#random = random;
    this.#nextAt = now;
  }

  get nextAt(): Instant | undefined {
    return this.#phase === 'done' ? undefined : this.#nextAt;
  }

  get outcome(): 'arrived' | 'filtered' | 'undetermined' | undefined {
    return this.#phase === 'done' ? this.#outcome : undefined;
  }

  get tries(): number {
    return this.#sends;
  }

  get doubt(): number {
    return doubtOf(this.#sends, this.#controlSends, this.#controlArrivals);
  }

  /** True once its own question is over: only then may any trial of the socket open the filter. */
  get asked(): boolean {
    return this.#phase !== 'test' && !(this.#phase === 'settle' && this.#settling);
  }

  due(now: Instant, mayOpen: boolean): RelayAction | undefined {
    if (now < this.#nextAt) return undefined;
    switch (this.#phase) {
      case 'test':
        if (this.#sends >= TEST_SENDS || this.#outcome === 'arrived') return this.#wait('settle', now, SETTLE_MS);
        this.#sends++;
        this.#nextAt = now + INTERVAL_MS;
        return { type: 'relay-send', to: this.#target, bytes: this.#packet(this.#testIds) };
      case 'settle':
        this.#settling = false;
        if (!mayOpen) return this.#wait('settle', now, INTERVAL_MS);
        this.#phase = 'open';
        return this.due(now, mayOpen);
      case 'open':
        if (this.#opens >= 8 || (this.#opens >= 2 && this.mapped !== undefined)) return this.#wait('control', now, 0);
        this.#opens++;
        this.#nextAt = now + INTERVAL_MS;
        return { type: 'send', bytes: this.#packet(this.#controlIds) };
      case 'control':
        if (this.#outcome === 'arrived') return this.#end('arrived');
        if (this.#controlSends >= CONTROL_SENDS) return this.#wait('last', now, SETTLE_MS);
        this.#controlSends++;
        this.#nextAt = now + INTERVAL_MS;
        return { type: 'relay-send', to: this.mapped ?? this.#target, bytes: this.#packet(this.#controlIds) };
      case 'last':
        return this.#end(this.#controlArrivals > 0 && this.doubt < MAX_DOUBT ? 'filtered' : 'undetermined');
      case 'done':
        return undefined;
    }
  }

  /** A packet that reached our socket. True where it is one of ours through this relay. */
  arrived(transactionId: Uint8Array, from: SocketAddress): boolean {
    const id = toHex(transactionId);
    if (this.#testIds.delete(id)) {
      this.#outcome = 'arrived';
      this.answerFrom = from;
      return true;
    }
    if (!this.#controlIds.delete(id)) return false;
    this.#controlArrivals++;
    return true;
  }

  /** A packet of our socket that reached the relay. */
  relayHeard(transactionId: Uint8Array, from: SocketAddress): boolean {
    if (!this.#controlIds.delete(toHex(transactionId))) return false;
    this.mapped = from;
    return true;
  }

  #wait(phase: 'settle' | 'control' | 'last', now: Instant, ms: number): RelayAction | undefined {
    this.#phase = phase;
    this.#nextAt = now + ms;
    return undefined;
  }

  #end(outcome: 'arrived' | 'filtered' | 'undetermined'): undefined {
    this.#outcome = outcome;
    this.#phase = 'done';
    return undefined;
  }

  /** A Binding indication: any STUN speaker that gets it by mistake ignores it (RFC 8489 6.3.2). */
  #packet(ids: Set<string>): Uint8Array {
    const transactionId = this.#random.bytes(12);
    ids.add(toHex(transactionId));
    return new MessageBuilder('indication', Method.Binding, transactionId).build();
  }
}
