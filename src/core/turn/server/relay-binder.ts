import type { Family, Protocol } from '../../address.ts';
import type { TransportId } from '../../machine.ts';
import { type Random, randomInteger } from '../../random.ts';
import type { Instant } from '../../time.ts';
import type { Relay } from './allocation.ts';
import type { TurnServerCommand } from './io.ts';
import type { PortRange, RelayAddress } from './settings.ts';

export interface RelayWish {
  readonly protocol: Protocol;
  readonly family: Family;
  /** RFC 8656 7.2: EVEN-PORT asks for an even one; with the R bit the next higher is bound as well. */
  readonly port: 'any' | 'even' | 'even-and-reserve';
}

export type BindOutcome =
  | { readonly ok: true; readonly relay: Relay; readonly reserved: Relay | undefined }
  /** `no-port`: all tried were taken; `no-address`: the system has no such address, or refuses it. */
  | { readonly ok: false; readonly why: 'no-port' | 'no-address' };

/** Ports tried for one wish: with fewer than half of the range taken, 50 misses in a row do not happen. */
const MAX_TRIES = 50;

/**
 * Finds ports for relayed transport addresses. Which are free is known only to the system, so a wish is a short
 * conversation with it: bind this one? taken; this one? fine.
 */
export class RelayBinder {
  readonly #relays: Readonly<Partial<Record<Family, RelayAddress>>>;
  readonly #range: PortRange;
  readonly #random: Random;
  readonly #command: (command: TurnServerCommand) => void;
  readonly #jobs = new Map<TransportId, Job>();
  readonly #taken = new Set<string>();
  #nextId = 1;

  constructor(
    relays: Readonly<Partial<Record<Family, RelayAddress>>>,
    range: PortRange,
    random: Random,
    command: (command: TurnServerCommand) => void,
  ) {
    this.#relays = relays;
    this.#range = range;
    this.#random = random;
    this.#command = command;
  }

  serves(family: Family): boolean {
    return this.#relays[family] !== undefined;
  }

  bind(wish: RelayWish, now: Instant, done: (outcome: BindOutcome, now: Instant) => void): void {
    this.#tryNext({ wish, done, tries: 0, first: undefined, current: undefined }, now);
  }

  /** The system's answer. False where the relay is none that is being bound. */
  bound(id: TransportId, now: Instant): boolean {
    const job = this.#jobs.get(id);
    if (job?.current === undefined) return false;
    this.#jobs.delete(id);
    const relay = job.current;
    if (job.wish.port === 'even-and-reserve' && job.first === undefined) {
      this.#ask({ ...job, first: relay }, relay.bound.port + 1, now);
    } else {
      job.done({ ok: true, relay: job.first ?? relay, reserved: job.first === undefined ? undefined : relay }, now);
    }
    return true;
  }

  failed(id: TransportId, code: string, now: Instant): boolean {
    const job = this.#jobs.get(id);
    if (job?.current === undefined) return false;
    this.#jobs.delete(id);
    this.#forget(job.current);
    if (job.first !== undefined) this.close(job.first);
    if (code === 'EADDRINUSE' || code === 'EACCES') this.#tryNext({ ...job, first: undefined }, now);
    else job.done({ ok: false, why: 'no-address' }, now);
    return true;
  }

  close(relay: Relay): void {
    this.#forget(relay);
    this.#command({ type: 'close-relay', relay: relay.id });
  }

  /** A relay whose socket is gone already. */
  #forget(relay: Relay): void {
    this.#taken.delete(placeOf(relay.protocol, relay.family, relay.bound.port));
  }

  #tryNext(job: Job, now: Instant): void {
    const port = job.tries >= MAX_TRIES ? undefined : this.#choose(job.wish);
    if (port === undefined) job.done({ ok: false, why: 'no-port' }, now);
    else this.#ask(job, port, now);
  }

  #ask(job: Job, port: number, now: Instant): void {
    const { protocol, family } = job.wish;
    const address = this.#relays[family];
    if (address === undefined) {
      job.done({ ok: false, why: 'no-address' }, now);
      return;
    }
    const id = `relay-${this.#nextId++}`;
    const relay: Relay = {
      id,
      protocol,
      family,
      bound: { family, address: address.bind, port },
      advertised: { family, address: address.advertise ?? address.bind, port },
    };
    this.#taken.add(placeOf(protocol, family, port));
    this.#jobs.set(id, { ...job, tries: job.tries + 1, current: relay });
    this.#command({ type: 'bind-relay', relay: id, protocol, family, address: address.bind, port });
  }

  /** A random port (RFC 8656 7.2 and RFC 6056: not to be guessed), or the next one after it that is not ours already. */
  #choose({ protocol, family, port }: RelayWish): number | undefined {
    const step = port === 'any' ? 1 : 2;
    const first = port === 'any' ? this.#range.min : this.#range.min + (this.#range.min & 1);
    const last = port === 'even-and-reserve' ? this.#range.max - 1 : this.#range.max;
    const count = Math.floor((last - first) / step) + 1;
    if (count < 1) return undefined;
    const start = randomInteger(this.#random, count);
    for (let i = 0; i < count; i++) {
      const candidate = first + ((start + i) % count) * step;
      if (this.#taken.has(placeOf(protocol, family, candidate))) continue;
      if (port === 'even-and-reserve' && this.#taken.has(placeOf(protocol, family, candidate + 1))) continue;
      return candidate;
    }
    return undefined;
  }
}

interface Job {
  readonly wish: RelayWish;
  readonly done: (outcome: BindOutcome, now: Instant) => void;
  readonly tries: number;
  /** The even one of a pair, bound already. */
  readonly first: Relay | undefined;
  readonly current: Relay | undefined;
}

function placeOf(protocol: Protocol, family: Family, port: number): string {
  return `${protocol}${family}:${port}`;
}
