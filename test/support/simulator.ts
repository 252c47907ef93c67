import { formatSocketAddress, type SocketAddress } from '../../src/core/address.ts';
import { type Random, randomInteger, seededRandom } from '../../src/core/random.ts';
import type { Instant } from '../../src/core/time.ts';

export interface Packet {
  readonly from: SocketAddress;
  readonly to: SocketAddress;
  readonly bytes: Uint8Array;
  /** On a stream nothing is lost, doubled or overtaken, but the cuts are anywhere. */
  readonly stream: boolean;
}

/** One end: something with addresses that takes packets and wants to be woken. */
export interface Endpoint {
  owns(address: SocketAddress): boolean;
  receive(packet: Packet, now: Instant): void;
  readonly wakeAt: Instant | undefined;
  wake(now: Instant): void;
}

/** What stands between some addresses and the rest, and changes packets that pass. */
export interface Gateway {
  /** A packet as it leaves: with another source where it comes from inside and goes out. */
  outward(packet: Packet, now: Instant): Packet;
  /** A packet as it arrives, with another destination where it comes in; undefined if it may not. */
  inward(packet: Packet, now: Instant): Packet | undefined;
}

export interface NetworkOptions {
  readonly seed?: number;
  /** One way. Default 10. */
  readonly delayMs?: number;
  /** Added at random up to this, so that datagrams overtake each other. */
  readonly jitterMs?: number;
  readonly lossPercent?: number;
  readonly duplicatePercent?: number;
  /** Cuts streams into pieces of up to this many bytes. */
  readonly maxChunk?: number;
}

interface Due {
  readonly at: Instant;
  act(): void;
}

/**
 * Virtual time between endpoints: jumps from one delivery or deadline to the next, and never waits. A bound on the steps
 * makes an endless conversation a failure instead of a hang.
 */
export class Simulator {
  readonly random: Random;
  /** Where packets went that nobody owns. */
  readonly strays: Packet[] = [];
  /** What a gateway did not let in. */
  readonly filtered: Packet[] = [];
  readonly #options: NetworkOptions;
  readonly #endpoints: Endpoint[] = [];
  readonly #gateways: Gateway[] = [];
  readonly #streamClock = new Map<string, Instant>();
  /** The next one last. */
  readonly #due: Due[] = [];
  #now: Instant = 0;

  constructor(options: NetworkOptions = {}) {
    this.#options = options;
    this.random = seededRandom(options.seed ?? 1);
  }

  get now(): Instant {
    return this.#now;
  }

  add(...endpoints: Endpoint[]): void {
    this.#endpoints.push(...endpoints);
  }

  addGateway(gateway: Gateway): void {
    this.#gateways.push(gateway);
  }

  at(when: Instant, act: () => void): void {
    const due = { at: Math.max(when, this.#now), act };
    let low = 0;
    let high = this.#due.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      // Among those of one instant what was added first comes first, which is nearer to the end.
      if ((this.#due[middle]?.at ?? 0) > due.at) low = middle + 1;
      else high = middle;
    }
    this.#due.splice(low, 0, due);
  }

  after(ms: number, act: () => void): void {
    this.at(this.#now + ms, act);
  }

  send(sent: Packet): void {
    const packet = this.#gateways.reduce((each, gateway) => gateway.outward(each, this.#now), sent);
    if (packet.stream) {
      this.#sendStream(packet);
      return;
    }
    const copies = this.#chance(this.#options.duplicatePercent) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (this.#chance(this.#options.lossPercent)) continue;
      this.after(this.#delay(), () => this.#deliver(packet));
    }
  }

  /** Until nothing is under way or awaited any more, or that instant has come. Returns the time. */
  run(until: Instant = Number.POSITIVE_INFINITY, maxSteps = 20_000): Instant {
    for (let step = 0; ; step++) {
      if (step > maxSteps) throw new Error(`still busy after ${maxSteps} steps, at ${this.#now} ms`);
      const next = this.#due.at(-1);
      let sleeper: Endpoint | undefined;
      let wakeAt = next?.at ?? Number.POSITIVE_INFINITY;
      for (const endpoint of this.#endpoints) {
        const at = endpoint.wakeAt;
        if (at !== undefined && at < wakeAt) {
          wakeAt = at;
          sleeper = endpoint;
        }
      }
      if (wakeAt > until || wakeAt === Number.POSITIVE_INFINITY) {
        if (until !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, until);
        return this.#now;
      }
      this.#now = Math.max(this.#now, wakeAt);
      if (sleeper !== undefined) sleeper.wake(this.#now);
      else if (next !== undefined) {
        this.#due.pop();
        next.act();
      }
    }
  }

  #sendStream(packet: Packet): void {
    const max = this.#options.maxChunk ?? Number.POSITIVE_INFINITY;
    const way = `${formatSocketAddress(packet.from)} ${formatSocketAddress(packet.to)}`;
    for (let at = 0; at < packet.bytes.length; ) {
      const rest = packet.bytes.length - at;
      const length = max === Number.POSITIVE_INFINITY ? rest : Math.min(rest, 1 + randomInteger(this.random, max));
      const bytes = packet.bytes.subarray(at, at + length);
      const when = Math.max(this.#now + (this.#options.delayMs ?? 10), this.#streamClock.get(way) ?? 0);
      this.#streamClock.set(way, when);
      this.at(when, () => this.#deliver({ ...packet, bytes }));
      at += length;
    }
  }

  #deliver(arrived: Packet): void {
    const packet = this.#gateways.reduceRight<Packet | undefined>(
      (each, gateway) => each && gateway.inward(each, this.#now),
      arrived,
    );
    if (packet === undefined) {
      this.filtered.push(arrived);
      return;
    }
    const endpoint = this.#endpoints.find((each) => each.owns(packet.to));
    if (endpoint === undefined) this.strays.push(packet);
    else endpoint.receive(packet, this.#now);
  }

  #delay(): number {
    const { delayMs = 10, jitterMs = 0 } = this.#options;
    return delayMs + (jitterMs === 0 ? 0 : randomInteger(this.random, jitterMs + 1));
  }

  #chance(percent: number | undefined): boolean {
    return percent !== undefined && percent > 0 && randomInteger(this.random, 100) < percent;
  }
}

/** `192.0.2.1:3478`, `[2001:db8::1]:3478`. */
export function address(text: string): SocketAddress {
  const at = text.lastIndexOf(':');
  const host = text.slice(0, at).replace(/^\[|\]$/g, '');
  return { family: host.includes(':') ? 6 : 4, address: host, port: Number(text.slice(at + 1)) };
}
