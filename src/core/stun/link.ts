import { formatSocketAddress, type SocketAddress, sameSocketAddress, type TransportKind } from '../address.ts';
import { toHex } from '../bytes.ts';
import { type Deadline, earlier, type TransportId } from '../machine.ts';
import type { Random } from '../random.ts';
import type { Instant } from '../time.ts';
import { ErrorCodeAttribute } from './attributes.ts';
import type { Ignored, IgnoredReason, TransactionEnded } from './events.ts';
import {
  type Clue,
  type Evidence,
  type Exchange,
  type ExchangeResult,
  type RequestSpec,
  strongerClue,
} from './exchange.ts';
import { recognise } from './foreign.ts';
import { StreamFramer } from './framing.ts';
import { hexOf, ignoredEvent, looksLikeChannelData, timesOf, transactionEvent } from './link-events.ts';
import { decodeMessage, looksLikeStun, type StunMessage } from './message.ts';
import { methodName } from './registry.ts';
import { unknownRequired, unusable } from './response-check.ts';
import { Transaction } from './transaction.ts';

/** Where a link puts what it decides; an `OutputQueue` is one. */
export interface LinkOutputs {
  transmit(transport: TransportId, to: SocketAddress, bytes: Uint8Array): void;
  event(event: Ignored | TransactionEnded): void;
}

/** Who is interested in what a server sends unasked. */
export interface LinkUser {
  readonly server: SocketAddress;
  /** An indication, or ChannelData as it stood on the wire. False: not for this user. */
  unasked(packet: StunMessage | Uint8Array, now: Instant): boolean;
  /** The transport is gone, and every request on it has ended. */
  closed(clue: Clue, now: Instant): void;
}

interface Open {
  readonly spec: RequestSpec;
  readonly clock: Transaction;
  readonly bytes: Uint8Array;
  clue: Clue | undefined;
}

/** How many ended requests are remembered, to tell a late answer from a foreign one. */
const REMEMBERED = 64;

/**
 * All requests on one socket or connection: sends and retransmits them, finds for each answer the request, by transaction
 * id and source address (RFC 8489 6.3), and says of all else why it is ignored. Serves any number of clients of any number
 * of servers on one UDP socket, as ICE wants it, or one server on a stream.
 */
export class StunLink {
  readonly transport: TransportId;
  readonly kind: TransportKind;
  readonly #outputs: LinkOutputs;
  readonly #random: Random;
  readonly #framer: StreamFramer | undefined;
  readonly #open = new Map<string, Open>();
  readonly #ended = new Map<string, RequestSpec>();
  readonly #users = new Set<LinkUser>();
  #closedBy: Clue | undefined;

  constructor(transport: TransportId, kind: TransportKind, random: Random, outputs: LinkOutputs) {
    this.transport = transport;
    this.kind = kind;
    this.#random = random;
    this.#outputs = outputs;
    this.#framer = kind === 'udp' ? undefined : new StreamFramer();
  }

  /** Why nothing more can be sent or received, once that is so. */
  get closedBy(): Clue | undefined {
    return this.#closedBy;
  }

  get deadline(): Deadline | undefined {
    let first: Deadline | undefined;
    if (this.#open.size === 0) return first;
    for (const { clock } of this.#open.values()) first = earlier(first, clock.deadline);
    return first;
  }

  attach(user: LinkUser): void {
    this.#users.add(user);
  }

  detach(user: LinkUser): void {
    this.#users.delete(user);
  }

  /** Sends a request at once. On a closed link it ends at once, too. */
  request(spec: RequestSpec, now: Instant): Exchange {
    const transactionId = this.#random.bytes(12);
    const id = toHex(transactionId);
    const clock = new Transaction(
      `${methodName(spec.method)} to ${formatSocketAddress(spec.to)}`,
      transactionId,
      spec.timing,
      now,
    );
    const open: Open = { spec, clock, bytes: spec.build(transactionId), clue: undefined };
    this.#open.set(id, open);
    if (this.#closedBy === undefined) this.#advance(id, open, now);
    else this.#fail(id, open, this.#closedBy, now);
    return {
      get requestsSent() {
        return clock.sends;
      },
      abandon: () => {
        if (this.#open.get(id) !== open) return;
        this.#conclude(id, open, 'failed', null, 'abandoned', null);
      },
    };
  }

  /** Sends bytes that await no answer: an indication, ChannelData. */
  send(to: SocketAddress, bytes: Uint8Array): void {
    if (this.#closedBy === undefined) this.#outputs.transmit(this.transport, to, bytes);
  }

  handleTimeout(now: Instant): void {
    if (this.#open.size === 0) return;
    for (const [id, open] of [...this.#open]) if (this.#open.has(id)) this.#advance(id, open, now);
  }

  /** A datagram, or a chunk of the stream in any cut. */
  receive(from: SocketAddress, bytes: Uint8Array, now: Instant): void {
    if (this.#closedBy !== undefined) return;
    if (this.#framer === undefined) {
      this.#packet(from, bytes, now);
      return;
    }
    for (const frame of this.#framer.push(bytes)) {
      if (frame.kind !== 'error') this.#packet(from, frame.bytes, now);
      else {
        const says = frame.protocol === undefined ? '' : ` (${frame.protocol.says})`;
        const problem = `byte ${frame.offset}: ${frame.message}${says}`;
        this.#ignore('not-stun', from, frame.firstBytes, problem);
        this.close({ cause: 'not-stun', problem, firstBytes: hexOf(frame.firstBytes) }, now);
      }
      if (this.#closedBy !== undefined) return;
    }
  }

  /** The transport is gone: everything under way fails with that cause. */
  close(clue: Clue, now: Instant): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = clue;
    for (const [id, open] of [...this.#open]) this.#fail(id, open, strongerClue(open.clue, clue), now);
    for (const user of [...this.#users]) user.closed(clue, now);
  }

  /** It is known by other means that one server cannot be reached: what is under way to it fails with that cause. */
  failServer(server: SocketAddress, clue: Clue, now: Instant): void {
    for (const [id, open] of [...this.#open]) {
      if (sameSocketAddress(open.spec.to, server)) this.#fail(id, open, clue, now);
    }
  }

  /** How often requests under way to that server were sent in all, the most for one; 0: none is under way. */
  sendsWithoutAnswer(server: SocketAddress): number {
    let most = 0;
    for (const { spec, clock } of this.#open.values()) {
      if (sameSocketAddress(spec.to, server)) most = Math.max(most, clock.sends);
    }
    return most;
  }

  #packet(from: SocketAddress, bytes: Uint8Array, now: Instant): void {
    if (!looksLikeStun(bytes)) {
      if (looksLikeChannelData(bytes) && this.#offer(from, bytes, now)) return;
      // `HTTP` begins like ChannelData, too.
      if (looksLikeChannelData(bytes) && this.#serves(from) && recognise(bytes) === undefined) {
        this.#ignore('unexpected', from, bytes, 'ChannelData of a channel that is not bound');
      } else this.#notStun(from, bytes);
      return;
    }
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) {
      const problem = `byte ${decoded.error.offset}: ${decoded.error.message}`;
      this.#note(toHex(bytes.subarray(8, 20)), { cause: 'malformed', problem, firstBytes: hexOf(bytes) });
      this.#ignore('malformed', from, bytes, problem);
      return;
    }
    const message = decoded.value;
    if (message.class === 'success' || message.class === 'error') this.#response(from, message, now);
    else if (message.class === 'indication') {
      if (!this.#offer(from, message, now)) this.#ignore('unexpected', from, bytes, 'an indication nobody waits for');
    } else this.#request(from, message);
  }

  #response(from: SocketAddress, message: StunMessage, now: Instant): void {
    const id = toHex(message.transactionId);
    const open = this.#open.get(id);
    if (open === undefined) {
      const spec = this.#ended.get(id);
      this.#ignore(spec === undefined ? 'foreign-transaction' : 'late', from, message.bytes, null);
      if (spec !== undefined && sameSocketAddress(from, spec.to)) spec.answeredLate?.(message, now);
      return;
    }
    const { spec } = open;
    if (!sameSocketAddress(from, spec.to)) {
      const answerFrom = formatSocketAddress(from);
      this.#note(id, { cause: 'wrong-source', answerFrom });
      this.#ignore('wrong-source', from, message.bytes, `asked was ${formatSocketAddress(spec.to)}`);
      return;
    }
    const problem = unusable(message, spec.method);
    if (problem !== undefined) {
      // RFC 8489 6.3: discarded as if never received, so a better one may follow.
      this.#note(id, { cause: 'malformed', problem, firstBytes: hexOf(message.bytes) });
      this.#ignore('malformed', from, message.bytes, problem);
      return;
    }
    if (message.class === 'error') this.#refused(id, open, message, now);
    else this.#answered(id, open, from, message, now);
  }

  #answered(id: string, open: Open, from: SocketAddress, message: StunMessage, now: Instant): void {
    const integrity = open.spec.verify?.(message);
    if (integrity === 'invalid' || integrity === 'absent') {
      const problem = `MESSAGE-INTEGRITY of the answer is ${integrity === 'absent' ? 'missing' : 'wrong'}`;
      const clue: Clue = { cause: 'bad-integrity', problem };
      this.#note(id, clue);
      this.#ignore('bad-integrity', from, message.bytes, problem);
      // RFC 8489 9.2.5: retransmission goes on over UDP, on a stream the request ends at once.
      if (this.kind !== 'udp') this.#fail(id, open, clue, now);
      return;
    }
    const problem = unknownRequired(message);
    if (problem !== undefined) {
      this.#ignore('malformed', from, message.bytes, problem);
      this.#fail(id, open, { cause: 'malformed', problem, firstBytes: hexOf(message.bytes) }, now);
      return;
    }
    open.clock.answered();
    const times = timesOf(open.clock, now);
    this.#conclude(id, open, 'success', null, null, times.rttMs);
    open.spec.ended({ outcome: 'success', message, ...times }, now);
  }

  #refused(id: string, open: Open, message: StunMessage, now: Instant): void {
    const error = message.get(ErrorCodeAttribute);
    // `unusable` has seen to it.
    if (error === undefined) return;
    open.clock.answered();
    const times = timesOf(open.clock, now);
    const integrity = open.spec.verify?.(message) ?? 'absent';
    this.#conclude(id, open, 'error', error.code, error.reason, times.rttMs);
    open.spec.ended({ outcome: 'error', message, error, integrity, ...times }, now);
  }

  #request(from: SocketAddress, message: StunMessage): void {
    const id = toHex(message.transactionId);
    if (this.#open.has(id) || this.#ended.has(id)) {
      const problem = 'our own request came back: something that returns whatever it gets';
      this.#note(id, { cause: 'not-stun', problem, firstBytes: hexOf(message.bytes) });
      this.#ignore('unexpected', from, message.bytes, problem);
    } else this.#ignore('unexpected', from, message.bytes, 'a request, where only answers are awaited');
  }

  #notStun(from: SocketAddress, bytes: Uint8Array): void {
    const says = recognise(bytes)?.says;
    const clue: Clue = {
      cause: 'not-stun',
      firstBytes: hexOf(bytes),
      ...(says === undefined ? {} : { problem: says }),
    };
    for (const [id, open] of this.#open) if (sameSocketAddress(open.spec.to, from)) this.#note(id, clue);
    this.#ignore('not-stun', from, bytes, says ?? null);
  }

  #serves(server: SocketAddress): boolean {
    for (const user of this.#users) if (sameSocketAddress(user.server, server)) return true;
    return false;
  }

  #offer(from: SocketAddress, packet: StunMessage | Uint8Array, now: Instant): boolean {
    for (const user of this.#users) {
      if (sameSocketAddress(user.server, from) && user.unasked(packet, now)) return true;
    }
    return false;
  }

  #advance(id: string, open: Open, now: Instant): void {
    for (;;) {
      const due = open.clock.due(now);
      if (due === undefined) return;
      if (due === 'timeout') {
        this.#fail(id, open, open.clue ?? { cause: 'timeout' }, now);
        return;
      }
      this.#outputs.transmit(this.transport, open.spec.to, open.bytes);
    }
  }

  #fail(id: string, open: Open, clue: Clue, now: Instant): void {
    open.clock.abandon();
    const { cause, ...evidence } = clue;
    this.#conclude(id, open, cause === 'timeout' ? 'timeout' : 'failed', null, cause, null);
    const result: ExchangeResult = {
      outcome: 'failed',
      cause,
      evidence: evidence satisfies Evidence,
      startedAt: open.clock.startedAt,
      requestsSent: open.clock.sends,
      rttMs: null,
    };
    open.spec.ended(result, now);
  }

  /** The request is over: out of the table, into the memory, and told. */
  #conclude(
    id: string,
    open: Open,
    outcome: TransactionEnded['outcome'],
    errorCode: number | null,
    reason: string | null,
    rttMs: number | null,
  ): void {
    this.#open.delete(id);
    this.#ended.set(id, open.spec);
    const oldest = this.#ended.keys().next();
    if (this.#ended.size > REMEMBERED && oldest.done !== true) this.#ended.delete(oldest.value);
    const { spec, clock } = open;
    this.#outputs.event(transactionEvent(this.transport, spec, id, clock.sends, outcome, errorCode, reason, rttMs));
  }

  #note(id: string, clue: Clue): void {
    const open = this.#open.get(id);
    if (open !== undefined) open.clue = strongerClue(open.clue, clue);
  }

  #ignore(reason: IgnoredReason, from: SocketAddress, bytes: Uint8Array, detail: string | null): void {
    this.#outputs.event(ignoredEvent(this.transport, reason, from, bytes, detail));
  }
}
