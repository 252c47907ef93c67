import { formatSocketAddress, type SocketAddress, sameSocketAddress } from '../address.ts';
import type { CommandOutput, Deadline, EventOutput, Machine } from '../machine.ts';
import { OutputQueue } from '../queue.ts';
import {
  WITNESS_PACKETS,
  WITNESS_PLACES,
  type WitnessHeard,
  type WitnessHello,
  type WitnessMessage,
  type WitnessNat,
} from '../signaling/witness-message.ts';
import type { Instant } from '../time.ts';
import { readWitnessPacket, witnessPacket, witnessTarget } from './packet.ts';
import type { WitnessCommand, WitnessCount, WitnessEvent, WitnessInput, WitnessPlace, WitnessResult } from './types.ts';

const LAST_PHASE = 3;
/** ICE begins a check every 50 ms (RFC 8445 14.2); half as fast is fast enough. */
const SPACING_MS = 100;
/** For packets that are still under way when the room has told that they were sent. */
const SETTLE_MS = 700;
/** The other end's own tests may take longer than ours. */
const READY_MS = 90_000;
/** Beyond that every step of the other end takes a second or two. */
const STEP_MS = 12_000;

interface Tally {
  readonly numbers: Set<number>;
  readonly from: SocketAddress;
}

interface Target {
  readonly by: WitnessPlace;
  readonly to: SocketAddress;
}

/**
 * Two ends as each other's witness from outside. In each of three phases both send ten numbered packets to each address, and
 * only then tell how many that were: 1. unasked, to the ear and the relays of the other end; 2. each relay, and each
 * mouth, to the other's mouth; 3. to where packets of phase 2 came from. Nobody sends more to an address that has not
 * answered than ICE would for a candidate, and nobody to one that the other end has not named, with a token to be sent along.
 */
export class Witness implements Machine<WitnessInput, WitnessCommand, WitnessEvent> {
  readonly #out = new OutputQueue<WitnessCommand, WitnessEvent>();
  #own: WitnessHello | undefined;
  #other: WitnessHello | undefined;
  #isReady = false;
  #isGreeted = false;
  #isPermitted = false;
  #phase = 0;
  #targets: readonly (Target | undefined)[] = [];
  #number = 0;
  /** What each end told that it sent, by phase. */
  readonly #ownSent: (readonly number[])[] = [];
  readonly #otherSent: (readonly number[])[] = [];
  readonly #tallies = new Map<string, Tally>();
  #heard: WitnessHeard | undefined;
  #isMeasured = false;
  #isJudged = false;
  #nat: { readonly nat: WitnessNat | null } | undefined;
  #isOver = false;
  #deadline: (Deadline & { readonly act: 'send' | 'next' | 'give-up' }) | undefined;

  get deadline(): Deadline | undefined {
    return this.#deadline;
  }

  get finished(): boolean {
    return this.#isOver;
  }

  handle(input: WitnessInput, now: Instant): void {
    if (this.#isOver) return;
    switch (input.type) {
      case 'start':
        this.#say({ type: 'witness', step: 'ready' });
        this.#waitFor('the end of its own tests', now, READY_MS);
        break;
      case 'message':
        this.#onMessage(input.message, now);
        break;
      case 'opened':
        this.#own = input.hello;
        this.#say({ type: 'witness', step: 'hello', ...input.hello });
        this.#greet(now);
        break;
      case 'permitted':
        if (this.#isPermitted || !this.#isGreeted) break;
        this.#isPermitted = true;
        this.#tellSent([], now);
        break;
      case 'received':
        this.#onPacket(input);
        break;
      case 'judged':
        this.#say({ type: 'witness', step: 'verdict', nat: input.nat });
        this.#waitFor('its verdict', now);
        this.#isJudged = true;
        this.#endIfJudged();
        break;
      case 'left':
        this.#finish(null, input.reason);
        break;
    }
  }

  handleTimeout(now: Instant): void {
    if (this.#deadline === undefined || now < this.#deadline.at) return;
    const { act, why } = this.#deadline;
    if (act === 'give-up') this.#finish(null, `the other end is silent: ${why}`);
    else if (act === 'send') this.#sendNext(now);
    else this.#next(now);
  }

  /** Never a transmission: which socket is whose, the driver knows. */
  poll(): CommandOutput<WitnessCommand> | EventOutput<WitnessEvent> | undefined {
    const output = this.#out.poll();
    return output?.kind === 'transmit' ? undefined : output;
  }

  #onMessage(message: WitnessMessage, now: Instant): void {
    switch (message.step) {
      case 'ready':
        if (this.#isReady) break;
        this.#isReady = true;
        this.#out.command({ type: 'open' });
        this.#waitFor('its addresses', now);
        break;
      case 'hello':
        this.#other ??= message;
        this.#greet(now);
        break;
      case 'sent':
        // What is out of turn is not believed.
        if (message.phase !== this.#otherSent.length || this.#other === undefined) break;
        this.#otherSent.push(message.counts);
        this.#settleIfBoth(now);
        break;
      case 'heard':
        this.#heard ??= message;
        this.#endIfHeard();
        break;
      case 'verdict':
        this.#nat ??= message;
        this.#endIfJudged();
        break;
    }
  }

  /** Both addresses are known: the other end's mouth must be let in before it sends. */
  #greet(now: Instant): void {
    if (this.#own === undefined || this.#other === undefined || this.#isGreeted) return;
    this.#isGreeted = true;
    this.#out.command({ type: 'permit', peer: this.#targetOf(this.#other.mouth) ?? null });
    this.#waitFor('to begin', now);
  }

  #targetOf(named: string | null | undefined): SocketAddress | undefined {
    return witnessTarget(named ?? null, this.#own?.mouth ?? null);
  }

  #begin(phase: number, now: Instant): void {
    this.#phase = phase;
    this.#number = 0;
    const targets = Array.from({ length: WITNESS_PLACES }, (_, index) => this.#target(phase, index));
    // Named twice is no reason to send twice.
    this.#targets = targets.map((target, i) =>
      targets.slice(0, i).some((each) => isSame(each, target)) ? undefined : target,
    );
    this.#sendNext(now);
  }

  #target(phase: number, index: number): Target | undefined {
    const { ear = null, mouth = null, relays = [] } = this.#other ?? {};
    const to = ((): SocketAddress | undefined => {
      if (phase === 1) return this.#targetOf(index === 0 ? ear : relays[index - 1]);
      // A NAT may show the other end's mouth elsewhere than STUN said; it has come from there, with our token.
      if (phase === 2) return (index > 0 ? this.#tally(index - 1, 1, index)?.from : undefined) ?? this.#targetOf(mouth);
      const from = this.#tally('mouth', 2, index)?.from;
      if (index === 0) return from;
      const named = this.#targetOf(relays[index - 1]);
      return named !== undefined && from !== undefined && sameSocketAddress(named, from) ? named : undefined;
    })();
    const isOurRelay = phase === 2 && index > 0;
    const hasSender = isOurRelay ? this.#own?.relays[index - 1] !== undefined : this.#own?.mouth != null;
    if (to === undefined || !hasSender) return undefined;
    return { by: isOurRelay ? index - 1 : 'mouth', to };
  }

  #sendNext(now: Instant): void {
    const token = this.#other?.token ?? '';
    const isIdle = this.#targets.every((target) => target === undefined);
    if (this.#number >= WITNESS_PACKETS || isIdle) {
      const sent = this.#targets.map((target) => (target === undefined ? 0 : WITNESS_PACKETS));
      this.#tellSent(sent, now);
      return;
    }
    for (const [index, target] of this.#targets.entries()) {
      if (target === undefined) continue;
      const bytes = witnessPacket(token, { phase: this.#phase, index, number: this.#number });
      this.#out.command({ type: 'send', ...target, bytes });
    }
    this.#number++;
    this.#deadline = { at: now + SPACING_MS, why: 'the next packets', act: 'send' };
  }

  #tellSent(counts: readonly number[], now: Instant): void {
    this.#ownSent.push(counts);
    this.#say({ type: 'witness', step: 'sent', phase: this.#phase, counts });
    this.#waitFor(`what it sent in phase ${this.#phase}`, now);
    this.#settleIfBoth(now);
  }

  #settleIfBoth(now: Instant): void {
    if (this.#ownSent.length !== this.#phase + 1 || this.#otherSent.length <= this.#phase) return;
    this.#deadline = { at: now + (this.#phase === 0 ? 0 : SETTLE_MS), why: 'late packets', act: 'next' };
  }

  #next(now: Instant): void {
    if (this.#phase < LAST_PHASE) {
      this.#begin(this.#phase + 1, now);
      return;
    }
    const heard = Array.from({ length: WITNESS_PLACES }, (_, index) => this.#tally('mouth', 2, index));
    const nameOf = (tally: Tally | undefined): string | null =>
      tally === undefined ? null : formatSocketAddress(tally.from);
    this.#say({
      type: 'witness',
      step: 'heard',
      counts: heard.map((tally) => tally?.numbers.size ?? 0),
      from: heard.map(nameOf),
      answered: this.#received('mouth', 3, 0),
      ear: nameOf(this.#tally('ear', 1, 0)),
    });
    this.#waitFor('what it heard', now);
    this.#isMeasured = true;
    this.#endIfHeard();
  }

  #endIfHeard(): void {
    if (!this.#isMeasured || this.#heard === undefined || this.#other === undefined) return;
    this.#isMeasured = false;
    this.#out.event({ type: 'measured', result: this.#result(this.#other, this.#heard) });
  }

  #endIfJudged(): void {
    if (this.#nat !== undefined && this.#isJudged) this.#finish(this.#nat.nat, null);
  }

  #result(other: WitnessHello, heard: WitnessHeard): WitnessResult {
    const count = (sent: number | undefined, received: number): WitnessCount => ({
      sent: sent ?? 0,
      // More than was sent nobody can have heard.
      received: Math.min(sent ?? 0, received),
    });
    const [, own2, own3] = [1, 2, 3].map((phase) => this.#ownSent[phase] ?? []);
    const theirs = (phase: number, index: number): number => this.#otherSent[phase]?.[index] ?? 0;
    const either = (a: WitnessCount, b: WitnessCount): WitnessCount => (b.received > a.received ? b : a);
    const seen = [
      [other.ear, heard.ear],
      [other.mouth, heard.from[0]],
    ] as const;
    return {
      other,
      unasked: count(theirs(1, 0), this.#received('ear', 1, 0)),
      relays: (this.#own?.relays ?? []).map((_, i) => ({
        first: count(theirs(1, i + 1), this.#received(i, 1, i + 1)),
        out: count(own2?.[i + 1], heard.counts[i + 1] ?? 0),
        after: count(theirs(3, i + 1), this.#received(i, 3, i + 1)),
        egress: heard.from[i + 1] ?? null,
      })),
      there: either(count(own2?.[0], heard.counts[0] ?? 0), count(own3?.[0], heard.answered)),
      back: either(
        count(theirs(2, 0), this.#received('mouth', 2, 0)),
        count(theirs(3, 0), this.#received('mouth', 3, 0)),
      ),
      sources: [...new Set([...this.#tallies].filter(([key]) => isFromMouth(key)).map(([, { from }]) => from.address))],
      seen: seen.flatMap(([by, as]) => (by === null || as == null ? [] : [{ by, as }])),
    };
  }

  /** Each number once; the first source counts. */
  #onPacket({ at, from, bytes }: Extract<WitnessInput, { readonly type: 'received' }>): void {
    const packet = this.#own === undefined ? undefined : readWitnessPacket(this.#own.token, bytes);
    if (packet === undefined || packet.number >= WITNESS_PACKETS || packet.index >= WITNESS_PLACES) return;
    const key = keyOf(at, packet.phase, packet.index);
    const tally = this.#tallies.get(key) ?? { numbers: new Set(), from };
    if (!this.#tallies.has(key) && this.#tallies.size >= MOST_TALLIES) return;
    this.#tallies.set(key, tally);
    tally.numbers.add(packet.number);
  }

  #tally(at: WitnessPlace, phase: number, index: number): Tally | undefined {
    return this.#tallies.get(keyOf(at, phase, index));
  }

  #received(at: WitnessPlace, phase: number, index: number): number {
    return this.#tally(at, phase, index)?.numbers.size ?? 0;
  }

  #waitFor(what: string, now: Instant, limitMs = STEP_MS): void {
    this.#deadline = { at: now + limitMs, why: `waiting for ${what}`, act: 'give-up' };
  }

  #say(message: WitnessMessage): void {
    this.#out.command({ type: 'say', message });
  }

  #finish(nat: WitnessNat | null, problem: string | null): void {
    this.#isOver = true;
    this.#deadline = undefined;
    this.#out.event({ type: 'finished', nat, problem });
  }
}

const MOST_TALLIES = 64;

function isSame(a: Target | undefined, b: Target | undefined): boolean {
  return a !== undefined && b !== undefined && a.by === b.by && sameSocketAddress(a.to, b.to);
}

/** Phase 2 has the relays of the other end beside its mouth. */
function isFromMouth(key: string): boolean {
  return !/ 2 [1-9]/.test(key);
}

function keyOf(at: WitnessPlace, phase: number, index: number): string {
  return `${at} ${phase} ${index}`;
}
