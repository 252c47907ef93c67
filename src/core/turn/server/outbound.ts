import type { SocketAddress } from '../../address.ts';
import type { TransportId } from '../../machine.ts';
import { randomInteger } from '../../random.ts';
import type { Instant } from '../../time.ts';
import type { ServerContext } from './context.ts';
import type { Expiring } from './expiry-queue.ts';
import type { LegFault } from './faults/plan.ts';

/** A packet that a fault holds back: it goes on at `expiresAt`. */
export class DelayedPacket implements Expiring {
  readonly kind = 'delayed-packet';
  readonly direction: 'in' | 'out';
  readonly transport: TransportId;
  readonly other: SocketAddress;
  readonly bytes: Uint8Array;
  expiresAt: Instant = Number.NEGATIVE_INFINITY;
  queueIndex = -1;

  constructor(direction: 'in' | 'out', transport: TransportId, other: SocketAddress, bytes: Uint8Array) {
    this.direction = direction;
    this.transport = transport;
    this.other = other;
    this.bytes = bytes;
  }
}

/** How much later than its followers an overtaken datagram is. */
const OVERTAKEN_MS = 20;

/** The way between the server and its clients, with whatever faults lie on it. */
export class ClientLeg {
  readonly #context: ServerContext;
  readonly #onStreamUse: (transport: TransportId, now: Instant) => void;
  /** When the last held-back bytes of each stream go on: a stream keeps its order. */
  readonly #busyUntil = new Map<string, Instant>();

  constructor(context: ServerContext, onStreamUse: (transport: TransportId, now: Instant) => void) {
    this.#context = context;
    this.#onStreamUse = onStreamUse;
  }

  /** To a client. The bytes must stay as they are. */
  send(
    transport: TransportId,
    to: SocketAddress,
    bytes: Uint8Array,
    now: Instant,
    isStream: boolean,
    extraMs = 0,
  ): void {
    if (isStream) this.#onStreamUse(transport, now);
    const legs = this.#context.faults.legs('out');
    if (legs.length === 0 && extraMs === 0) this.#context.queue.transmit(transport, to, bytes);
    else this.#pass('out', legs, transport, to, bytes, now, isStream, extraMs);
  }

  /** From a client: false where the packet is held back or lost, and comes by `DelayedPacket` if at all. */
  admits(transport: TransportId, from: SocketAddress, bytes: Uint8Array, now: Instant, isStream: boolean): boolean {
    const legs = this.#context.faults.legs('in');
    if (legs.length === 0) return true;
    this.#pass('in', legs, transport, from, bytes, now, isStream, 0);
    return false;
  }

  forget(transport: TransportId): void {
    this.#busyUntil.delete(`in ${transport}`);
    this.#busyUntil.delete(`out ${transport}`);
  }

  #pass(
    direction: 'in' | 'out',
    legs: readonly LegFault[],
    transport: TransportId,
    other: SocketAddress,
    bytes: Uint8Array,
    now: Instant,
    isStream: boolean,
    extraMs: number,
  ): void {
    const { faults } = this.#context;
    if (!isStream && legs.some((leg) => faults.chance(leg.loss))) return;
    const delay = (): number => legs.reduce((sum, leg) => sum + this.#delayOf(leg, isStream), extraMs);
    this.#hold(direction, transport, other, bytes, now + delay(), now, isStream);
    if (!isStream && legs.some((leg) => faults.chance(leg.duplicate))) {
      this.#hold(direction, transport, other, bytes, now + delay(), now, isStream);
    }
  }

  #delayOf(leg: LegFault, isStream: boolean): number {
    const { faults } = this.#context;
    const jitter = leg.jitterMs === 0 ? 0 : randomInteger(faults.random, leg.jitterMs * 1000 + 1) / 1000;
    const overtaken = !isStream && faults.chance(leg.reorder) ? OVERTAKEN_MS : 0;
    return leg.delayMs + jitter + overtaken;
  }

  #hold(
    direction: 'in' | 'out',
    transport: TransportId,
    other: SocketAddress,
    bytes: Uint8Array,
    at: Instant,
    now: Instant,
    isStream: boolean,
  ): void {
    let due = at;
    if (isStream) {
      const key = `${direction} ${transport}`;
      // A moment later than what was held before, for the queue knows no order among equals.
      due = Math.max(at, (this.#busyUntil.get(key) ?? Number.NEGATIVE_INFINITY) + 0.001);
      this.#busyUntil.set(key, due);
    }
    const packet = new DelayedPacket(direction, transport, other, bytes);
    // Through the queue even if it is due now: bytes of a stream may not pass those that wait.
    this.#context.expiries.set(packet, Math.max(due, now));
  }
}
