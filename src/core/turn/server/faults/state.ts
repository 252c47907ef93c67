import { type Random, randomInteger, seededRandom } from '../../../random.ts';
import type { Instant } from '../../../time.ts';
import {
  type DataFault,
  type Direction,
  type FaultPlan,
  type LegFault,
  NO_FAULTS,
  type RequestEffect,
  type Tweaks,
  type Which,
} from './plan.ts';

/** One packet of relayed data, as a fault looks at it. */
export interface DataPacket {
  readonly direction: Direction;
  readonly isChannel: boolean;
  readonly length: number;
  readonly relayPort: number;
  readonly peerPort: number;
  /** The client has sent something to this peer before. */
  readonly solicited: boolean;
}

/** A plan at work: counts what passed, throws the dice. The same seed and the same packets give the same faults. */
export class FaultState {
  readonly plan: FaultPlan;
  readonly random: Random;
  readonly #seen = new Map<object, number>();
  readonly #rates = new Map<DataFault, Bucket>();

  constructor(plan: FaultPlan = NO_FAULTS, seed = 1) {
    this.plan = plan;
    this.random = seededRandom(seed);
  }

  /** Nothing is done to packets that are not requests: they may take the direct route. */
  get sparesData(): boolean {
    return this.plan.data.length === 0 && this.plan.legs.length === 0 && this.plan.streamIdle === undefined;
  }

  /** What befalls a request as soon as it is here, whoever sent it: `refuse` only where it does not wait for credentials. */
  onRequest(method: number): { readonly effect: RequestEffect | undefined; readonly tweaks: Tweaks } {
    let effect: RequestEffect | undefined;
    let tweaks: Tweaks = {};
    for (const fault of this.plan.requests) {
      if (fault.effect.kind === 'refuse' && !fault.effect.atOnce) continue;
      if ((fault.method !== 'any' && fault.method !== method) || !this.#strikes(fault, fault.which)) continue;
      if (fault.effect.kind === 'answer') tweaks = { ...tweaks, ...fault.effect.tweaks };
      else effect ??= fault.effect;
    }
    return { effect, tweaks };
  }

  /** The error code for a request whose sender is known and may do what it asks, if it shall be refused. */
  refuses(method: number): number | undefined {
    let code: number | undefined;
    for (const fault of this.plan.requests) {
      if (fault.effect.kind !== 'refuse' || fault.effect.atOnce) continue;
      if (fault.method !== 'any' && fault.method !== method) continue;
      if (this.#strikes(fault, fault.which)) code ??= fault.effect.code;
    }
    return code;
  }

  onData(packet: DataPacket, now: Instant): 'pass' | 'drop' | 'corrupt' {
    let outcome: 'pass' | 'corrupt' = 'pass';
    for (const fault of this.plan.data) {
      if (!concerns(fault, packet) || !this.#strikes(fault, fault.which)) continue;
      if (fault.effect === 'drop') return 'drop';
      if (fault.effect === 'corrupt') outcome = 'corrupt';
      else if (!this.#fitsRate(fault, fault.effect.kilobitsPerSecond, packet.length, now)) return 'drop';
    }
    return outcome;
  }

  legs(direction: 'in' | 'out'): readonly LegFault[] {
    return this.plan.legs.filter((leg) => leg.direction === undefined || leg.direction === direction);
  }

  chance(probability: number): boolean {
    return probability > 0 && randomInteger(this.random, 1_000_000) < probability * 1_000_000;
  }

  #strikes(fault: object, which: Which): boolean {
    const seen = (this.#seen.get(fault) ?? 0) + 1;
    this.#seen.set(fault, seen);
    return seen >= which.first && seen <= which.last && (which.chance >= 1 || this.chance(which.chance));
  }

  #fitsRate(fault: DataFault, kilobitsPerSecond: number, length: number, now: Instant): boolean {
    const bitsPerMs = kilobitsPerSecond;
    // A tenth of a second may come at once, and one packet always.
    const depth = Math.max(bitsPerMs * 100, 12_000);
    const bucket = this.#rates.get(fault) ?? { bits: depth, at: now };
    this.#rates.set(fault, bucket);
    bucket.bits = Math.min(depth, bucket.bits + (now - bucket.at) * bitsPerMs);
    bucket.at = now;
    if (bucket.bits < length * 8) return false;
    bucket.bits -= length * 8;
    return true;
  }
}

interface Bucket {
  bits: number;
  at: Instant;
}

function concerns(fault: DataFault, packet: DataPacket): boolean {
  if (fault.direction !== undefined && fault.direction !== packet.direction) return false;
  if (fault.carriedBy !== undefined && (fault.carriedBy === 'channel') !== packet.isChannel) return false;
  if (fault.longerThan !== undefined && packet.length <= fault.longerThan) return false;
  if (fault.unsolicited && packet.solicited) return false;
  return isWithin(fault.relayPorts, packet.relayPort) && isWithin(fault.peerPorts, packet.peerPort);
}

function isWithin(range: { readonly min: number; readonly max: number } | undefined, port: number): boolean {
  return range === undefined || (port >= range.min && port <= range.max);
}
