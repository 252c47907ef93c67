import { formatSocketAddress, type SocketAddress } from '../core/address.ts';
import type { RelayData } from '../record/events.ts';
import { Burst, leadingOf } from './burst.ts';
import type { ProbeEnvironment } from './environment.ts';
import { pause } from './pause.ts';
import type { RelayPeer } from './relay-peer.ts';
import type { ReceivedData, TurnSession } from './turn-session.ts';

export interface RelayDataOptions {
  /** Packets for each direction. */
  readonly packets: number;
  /** Bytes of payload. */
  readonly size: number;
  /** Milliseconds between two packets. */
  readonly spacingMs: number;
  /** How long the last packets are waited for. */
  readonly waitMs: number;
  /** Ends a burst in the middle. */
  readonly signal: AbortSignal;
}

export interface RelayDataPath {
  readonly session: TurnSession;
  readonly relayed: SocketAddress;
  readonly peer: RelayPeer;
  /** Where the relay should send to before it has heard from the peer: the peer's address as a STUN server sees it. */
  readonly guess: SocketAddress;
  /** Of the attempt, for the events. */
  readonly attempt: string;
  /** Where the relay's packets may really come from, beside the relayed address: a NAT of ours must let them in. */
  readonly opensFor?: readonly SocketAddress[];
}

export interface RelayDataResult {
  /** Those that came to their end, in the order in which they were asked. */
  readonly bursts: readonly RelayData[];
  /** The run was ended in the middle. What that burst had not received by then was not lost, so it is not among the others. */
  readonly cutOff: boolean;
  /** The peer as the relay saw it: where answers go. */
  readonly peerSeen: SocketAddress | null;
  /** Where the relay's packets really come from. */
  readonly egress: SocketAddress | null;
}

/**
 * Data through a relay in three directions: the peer speaks first (unasked, as the other end of a call may); the relay to
 * the peer; the peer once the relay has spoken to it. A firewall that drops new UDP to the relay ports shows as the first
 * alone missing.
 */
export async function measureRelayData(
  path: RelayDataPath,
  options: RelayDataOptions & { readonly purpose?: RelayData['purpose'] },
  environment: ProbeEnvironment,
): Promise<RelayDataResult> {
  for (const address of path.opensFor ?? []) path.peer.send(address, new Uint8Array(4));
  const first = await fromPeer('peer-first', path, options, environment);
  if (first.cutOff) return { ...first, egress: null };
  const both = await thereAndBack(path, first.peerSeen ?? path.guess, options, environment);
  const [out, back] = both.bursts;
  // Nothing came out that the peer could have sent back: then it speaks by itself, now that the relay has tried to.
  const after = out?.received === 0 ? await fromPeer('peer-after-relay', path, options, environment) : undefined;
  const last = after === undefined ? back : after.bursts[0];
  return {
    bursts: [...first.bursts, ...(out === undefined ? [] : [out]), ...(last === undefined ? [] : [last])],
    cutOff: both.cutOff || after?.cutOff === true,
    peerSeen: first.peerSeen ?? both.peerSeen ?? after?.peerSeen ?? null,
    egress: both.egress,
  };
}

/** Whether anything came through, out and in. */
export function crossings(bursts: readonly RelayData[]): { readonly outward: boolean; readonly inward: boolean } {
  const came = (burst: RelayData | undefined): boolean => (burst?.received ?? 0) > 0;
  const [first, out, after] = bursts;
  return { outward: came(out), inward: came(first) || came(after) };
}

async function fromPeer(
  direction: 'peer-first' | 'peer-after-relay',
  path: RelayDataPath,
  options: RelayDataOptions & { readonly purpose?: RelayData['purpose'] },
  environment: ProbeEnvironment,
): Promise<Omit<RelayDataResult, 'egress'>> {
  const { session, peer, relayed } = path;
  const burst = new Burst(options.packets, options.size, environment.random);
  let peerSeen: SocketAddress | null = null;
  const arrivals = new Arrivals(() => burst.complete);
  session.onData = (data) => {
    const number = burst.numberOf(data.bytes);
    if (number === undefined) return;
    peerSeen = data.peer;
    burst.arrived(number, data.at);
    arrivals.note();
  };
  await send(options, environment, (number, now) => peer.send(relayed, burst.packet(number, now)));
  await arrivals.wait(options.waitMs, options.signal);
  const cutOff = options.signal.aborted && !burst.complete;
  return { bursts: cutOff ? [] : [event(path, direction, burst, burst.count, [], options.purpose)], cutOff, peerSeen };
}

export interface ThereAndBackOptions extends RelayDataOptions {
  readonly channel?: number;
  readonly purpose?: RelayData['purpose'];
  /** Another way to send towards the peer than an ordinary Send indication. */
  readonly send?: TurnSession['send'];
}

/** The peer sends each packet back as it came: its arrival at our end of the relay closes the round trip. */
export async function thereAndBack(
  path: RelayDataPath,
  to: SocketAddress,
  options: ThereAndBackOptions,
  environment: ProbeEnvironment,
): Promise<RelayDataResult> {
  const { session, peer, relayed } = path;
  const sendOut = options.send ?? session.send.bind(session);
  const out = new Burst(options.packets, options.size, environment.random);
  const back = new Map<number, number>();
  let egress: SocketAddress | null = null;
  let peerSeen: SocketAddress | null = null;
  const arrivals = new Arrivals(() => back.size >= out.count);
  peer.onPacket = (bytes, from) => {
    const number = out.numberOf(bytes);
    if (number === undefined) return;
    out.arrived(number, environment.clock.now());
    egress ??= from;
    // To the advertised address, not to `from`: that is where the other end of a call would send.
    peer.send(relayed, bytes);
  };
  session.onData = (data: ReceivedData) => {
    const number = out.numberOf(data.bytes);
    if (number === undefined || (options.channel !== undefined && data.channel !== options.channel)) return;
    peerSeen = data.peer;
    if (!back.has(number)) back.set(number, data.at);
    arrivals.note();
  };
  await send(options, environment, (number, now) => sendOut(to, out.packet(number, now), options.channel));
  await arrivals.wait(options.waitMs, options.signal);
  if (options.signal.aborted && back.size < out.count) return { bursts: [], cutOff: true, peerSeen, egress };
  const roundTrips = [...back]
    .sort(([a], [b]) => a - b)
    .map(([number, at]) => Math.round((at - (out.sentAt[number] ?? at)) * 1000) / 1000);
  return {
    bursts: [
      event(path, 'relay-to-peer', out, out.count, [], options.purpose),
      {
        ...event(path, 'peer-after-relay', out, out.received, roundTrips, options.purpose),
        received: back.size,
        // Of all that were sent out: the round trip is what may be cut short.
        leading: leadingOf(back, out.count),
      },
    ],
    cutOff: false,
    peerSeen,
    egress,
  };
}

function event(
  path: RelayDataPath,
  direction: RelayData['direction'],
  burst: Burst,
  sent: number,
  roundTripsMs: readonly number[],
  purpose?: RelayData['purpose'],
): RelayData {
  return {
    type: 'relay-data',
    attempt: path.attempt,
    direction,
    sent,
    received: burst.received,
    leading: burst.leading,
    roundTripsMs,
    size: burst.size,
    relayed: formatSocketAddress(path.relayed),
    reordered: burst.reordered,
    duplicates: burst.duplicates,
    ...(purpose !== undefined && { purpose }),
  };
}

async function send(
  options: RelayDataOptions,
  environment: ProbeEnvironment,
  one: (number: number, now: number) => void,
): Promise<void> {
  const startedAt = environment.clock.now();
  for (let number = 0; number < options.packets; number++) {
    // By the clock, not by adding up timers that each fire late.
    const due = startedAt + number * options.spacingMs;
    await pause(due - environment.clock.now(), options.signal);
    if (options.signal.aborted) return;
    one(number, environment.clock.now());
  }
}

/** Waits until everything has arrived, or for a limit after the last send. */
class Arrivals {
  readonly #isComplete: () => boolean;
  #wake: () => void = () => {};
  #count = 0;

  constructor(isComplete: () => boolean) {
    this.#isComplete = isComplete;
  }

  note(): void {
    this.#count++;
    if (this.#isComplete()) this.#wake();
  }

  async wait(limitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isComplete()) return;
    const complete = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await pause(limitMs, signal, complete);
    if (!this.#isComplete() && !signal.aborted) await new Promise<void>((resolve) => this.#drain(resolve));
  }

  /** On a busy machine a timer fires before the packets that came in time are read: those that wait in sockets first. */
  #drain(resolve: () => void): void {
    const before = this.#count;
    setImmediate(() => (this.#count === before ? resolve() : this.#drain(resolve)));
  }
}
