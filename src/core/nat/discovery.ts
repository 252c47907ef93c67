import { formatSocketAddress, type SocketAddress, sameSocketAddress } from '../address.ts';
import type { Deadline, Machine, Output, TransportId } from '../machine.ts';
import { OutputQueue } from '../queue.ts';
import type { Random } from '../random.ts';
import {
  ChangedAddress,
  ErrorCodeAttribute,
  MappedAddress,
  OtherAddress,
  XorMappedAddress,
} from '../stun/attributes.ts';
import { decodeMessage, type StunMessage } from '../stun/message.ts';
import { Method } from '../stun/registry.ts';
import type { Instant } from '../time.ts';
import { type Answer, Ask } from './ask.ts';
import type { NatCommand, NatDiscoveryOptions, NatEvent, NatInput } from './discovery-io.ts';
import {
  type Question,
  type Role,
  type TestBody,
  testOfQuestion,
  testOfSighting,
  testOfTrial,
} from './discovery-tests.ts';
import type { NatTest } from './events.ts';
import { FilteringTrial } from './filtering-trial.ts';
import { HairpinTrial } from './hairpin-trial.ts';
import { changedAnswers, mappingDestinations, senderRelation } from './plan.ts';
import { RelayTrial } from './relay-trial.ts';

const ROLES: readonly Role[] = ['mapping', 'filtering', 'hairpin'];

const ASK = { intervalMs: 120, maxSends: 10, lastWaitMs: 600 };

/**
 * Finds out how the NAT in front of one local address maps and filters (RFC 4787): by RFC 5780 where a server has a second
 * address; by several servers, ports and relays of ours where none has. Emits each test as a `nat-test` event; verdicts
 * are made from those by `core/nat/verdict`.
 */
export class NatDiscovery implements Machine<NatInput, NatCommand, NatEvent> {
  readonly #options: NatDiscoveryOptions;
  readonly #random: Random;
  readonly #prefix: string;
  readonly #out = new OutputQueue<NatCommand, NatEvent>();
  readonly #locals = new Map<Role, SocketAddress>();
  readonly #failed = new Set<Role>();
  readonly #questions: Question[] = [];
  readonly #relays = new Map<string, SocketAddress>();
  #relaysPending: number;
  #filtering: 'waiting' | 'running' | 'done' = 'waiting';
  #filteringServer: SocketAddress | undefined;
  #filteringMapped: SocketAddress | undefined;
  #trials: FilteringTrial[] = [];
  #relayTrials: RelayTrial[] = [];
  #hairpin: HairpinTrial | 'waiting' | 'done' = 'waiting';
  #stability: 'waiting' | 'running' | 'done' = 'waiting';
  #finished = false;

  /** `id` begins the names of its transports: several discoveries may share a driver. */
  constructor(options: NatDiscoveryOptions, random: Random, id = 'nat') {
    this.#options = options;
    this.#random = random;
    this.#prefix = id;
    this.#relaysPending = options.relays;
  }

  get finished(): boolean {
    return this.#finished;
  }

  get deadline(): Deadline | undefined {
    if (this.#finished) return undefined;
    let at = Number.POSITIVE_INFINITY;
    const consider = (instant: Instant | undefined) => {
      if (instant !== undefined && instant < at) at = instant;
    };
    for (const { ask } of this.#questions) consider(ask.nextAt);
    for (const trial of this.#trials) consider(trial.nextAt);
    for (const trial of this.#relayTrials) consider(trial.nextAt);
    if (this.#hairpin instanceof HairpinTrial) consider(this.#hairpin.nextAt);
    return Number.isFinite(at) ? { at, why: this.#waitingFor() } : undefined;
  }

  handle(input: NatInput, now: Instant): void {
    if (this.#finished) return;
    switch (input.type) {
      case 'start':
        this.#open();
        break;
      case 'opened':
        this.#opened(input.transport, input.local, now);
        break;
      case 'failed':
        this.#failed.add(this.#roleOf(input.transport));
        break;
      case 'received':
        this.#received(this.#roleOf(input.transport), input.from, input.bytes, now);
        break;
      case 'refused':
        for (const { ask } of this.#questions) if (sameSocketAddress(ask.options.to, input.server)) ask.hurry();
        break;
      case 'relay-ready':
        this.#relaysPending--;
        this.#relays.set(input.relay, input.relayed);
        break;
      case 'relay-failed':
        this.#relaysPending--;
        break;
      case 'relay-received':
        this.#relayReceived(input.relay, input.from, input.bytes);
        break;
    }
    this.#step(now);
  }

  handleTimeout(now: Instant): void {
    if (!this.#finished) this.#step(now);
  }

  poll(): Output<NatCommand, NatEvent> | undefined {
    return this.#out.poll();
  }

  #open(): void {
    const { interface: name, family, localAddress } = this.#options;
    for (const role of ROLES) {
      const local = { interface: name ?? '', family, address: localAddress };
      this.#out.command({ type: 'open-udp', transport: this.#transport(role), local });
    }
  }

  #opened(transport: TransportId, local: SocketAddress, now: Instant): void {
    const role = this.#roleOf(transport);
    this.#locals.set(role, local);
    if (role !== 'mapping') return;
    for (const server of this.#options.servers) this.#ask('mapping', 'mapping', server, 'stun', now);
  }

  #ask(kind: Question['kind'], role: Role, to: SocketAddress, via: NatTest['via'], now: Instant): void {
    const known = this.#questions.some(
      (question) => question.kind === kind && sameSocketAddress(question.ask.options.to, to),
    );
    if (known) return;
    const ask = new Ask({ transport: this.#transport(role), to, ...ASK }, this.#random, now);
    this.#questions.push({ kind, role, ask, via, reported: false });
  }

  #received(role: Role, from: SocketAddress, bytes: Uint8Array, now: Instant): void {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok || decoded.value.method !== Method.Binding) return;
    const message = decoded.value;
    if (message.class === 'indication') {
      if (this.#hairpin instanceof HairpinTrial && this.#hairpin.arrived(message.transactionId, from)) return;
      for (const trial of this.#relayTrials) if (trial.arrived(message.transactionId, from)) return;
      return;
    }
    for (const question of this.#questions) {
      const answer = question.ask.take(message.transactionId, from, now);
      if (answer !== undefined) {
        this.#answered(question, answer, message, now);
        return;
      }
    }
    if (role !== 'filtering') return;
    for (const trial of this.#trials) if (trial.take(message, from, now)) return;
  }

  #answered(question: Question, answer: Answer, message: StunMessage, now: Instant): void {
    question.ask.stop();
    question.answer ??= answer;
    const mapped = message.get(XorMappedAddress) ?? message.get(MappedAddress);
    if (mapped === undefined) {
      const error = message.get(ErrorCodeAttribute);
      question.note = error === undefined ? 'the answer carries no mapped address' : `error ${error.code}`;
      return;
    }
    question.mapped = mapped;
    const plain = message.get(MappedAddress);
    if (plain !== undefined && !sameSocketAddress(plain, mapped)) question.plainMapped = plain;
    if (question.kind !== 'mapping') return;
    const other = message.get(OtherAddress) ?? message.get(ChangedAddress);
    for (const destination of mappingDestinations(question.ask.options.to, other)) {
      this.#ask('mapping', 'mapping', destination, 'rfc5780', now);
    }
    if (other !== undefined && this.#filtering === 'waiting') {
      this.#startServerFiltering(question.ask.options.to, other, now);
    }
  }

  #startServerFiltering(server: SocketAddress, other: SocketAddress, now: Instant): void {
    const questions = changedAnswers(server, other);
    if (questions.length === 0 || !this.#locals.has('filtering')) return;
    this.#filtering = 'running';
    this.#filteringServer = server;
    const transport = this.#transport('filtering');
    this.#trials = questions.map((question) => new FilteringTrial(transport, server, question, this.#random, now));
  }

  /** Without RFC 5780: once it is known that no server has it, and which relays there are. */
  #startRelayFiltering(now: Instant): void {
    if (this.#filtering !== 'waiting' || this.#relaysPending > 0 || !this.#mappingSettled()) return;
    const server = this.#firstAnswering()?.ask.options.to;
    if (this.#relays.size === 0 || server === undefined || !this.#locals.has('filtering')) {
      this.#filtering = 'done';
      return;
    }
    // The socket's own mapping must be known before a relay can send to it.
    this.#ask('filtering', 'filtering', server, 'stun', now);
    const own = this.#questions.find((question) => question.kind === 'filtering');
    if (own === undefined || (!own.ask.done && own.mapped === undefined)) return;
    if (own.mapped === undefined) {
      this.#filtering = 'done';
      return;
    }
    this.#filtering = 'running';
    this.#filteringServer = server;
    this.#filteringMapped = own.mapped;
    for (const [relay, relayed] of this.#relays) {
      const sender = senderRelation(server, relayed);
      this.#relayTrials.push(new RelayTrial(relay, relayed, own.mapped, sender, this.#random, now));
    }
  }

  #relayReceived(relay: string, from: SocketAddress, bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) return;
    for (const trial of this.#relayTrials) {
      if (trial.relay === relay && trial.relayHeard(decoded.value.transactionId, from)) return;
    }
  }

  /** Sends what is due, then looks whether a test has ended and another can begin. */
  #step(now: Instant): void {
    for (const question of this.#questions) this.#sendDue(question.ask, now);
    for (const trial of this.#trials) {
      for (const ask of trial.asks) this.#sendDue(ask, now);
      trial.settle(now);
      if (trial.outcome !== undefined) this.#reportTrial(trial);
    }
    this.#stepRelayTrials(now);
    for (const question of this.#questions) if (question.ask.done) this.#reportQuestion(question);
    this.#startRelayFiltering(now);
    if (
      this.#filtering === 'running' &&
      [...this.#trials, ...this.#relayTrials].every((t) => t.outcome !== undefined)
    ) {
      this.#filtering = 'done';
    }
    this.#stepHairpin(now);
    this.#stepStability(now);
    this.#finishIfDone();
  }

  #sendDue(ask: Ask, now: Instant): void {
    for (let bytes = ask.due(now); bytes !== undefined; bytes = ask.due(now)) {
      this.#out.transmit(ask.options.transport, ask.options.to, bytes);
    }
  }

  #stepRelayTrials(now: Instant): void {
    // A control opens the filter for its relay's address: no trial may open while another is still asking.
    for (const trial of this.#relayTrials) {
      const mayOpen = this.#relayTrials.every((other) => other.asked);
      for (let action = trial.due(now, mayOpen); action !== undefined; action = trial.due(now, mayOpen)) {
        if (action.type === 'send') this.#out.transmit(this.#transport('filtering'), trial.relayed, action.bytes);
        else {
          this.#out.command({ type: 'relay-send', relay: trial.relay, to: action.to, bytes: action.bytes });
        }
      }
      if (trial.outcome !== undefined) this.#reportRelayTrial(trial);
    }
  }

  #stepHairpin(now: Instant): void {
    if (this.#hairpin === 'waiting') {
      const first = this.#firstAnswering();
      if (!this.#mappingSettled()) return;
      const local = this.#locals.get('mapping');
      const mapped = first?.mapped;
      const translated = local !== undefined && mapped !== undefined && !sameSocketAddress(local, mapped);
      if (first === undefined || !translated || this.#failed.has('hairpin')) {
        this.#hairpin = 'done';
        return;
      }
      this.#ask('hairpin', 'hairpin', first.ask.options.to, 'stun', now);
      const other = this.#questions.find((question) => question.kind === 'hairpin');
      if (other?.mapped !== undefined) this.#hairpin = new HairpinTrial([mapped, other.mapped], this.#random, now);
      else if (other?.ask.done === true) this.#hairpin = 'done';
    }
    if (!(this.#hairpin instanceof HairpinTrial)) return;
    const [mapped, otherMapped] = this.#hairpin.ends;
    const round = this.#hairpin.due(now);
    if (round !== undefined) {
      this.#out.transmit(this.#transport('mapping'), otherMapped, round[0]);
      this.#out.transmit(this.#transport('hairpin'), mapped, round[1]);
    }
    if (!this.#hairpin.done) return;
    const { hairpins, answerFrom, tries } = this.#hairpin;
    this.#hairpin = 'done';
    this.#emit('mapping', {
      test: 'hairpin',
      destination: formatSocketAddress(otherMapped),
      answerFrom: answerFrom === undefined ? null : formatSocketAddress(answerFrom),
      mappedAddress: formatSocketAddress(mapped),
      tries,
      outcome: hairpins ? 'yes' : 'no',
      via: 'stun',
    });
  }

  /** The first destination again, last of all: a mapping that has changed by then changes by itself. */
  #stepStability(now: Instant): void {
    if (this.#stability !== 'waiting' || this.#filtering !== 'done' || this.#hairpin !== 'done') return;
    const first = this.#firstAnswering();
    if (!this.#mappingSettled()) return;
    this.#stability = 'running';
    if (first === undefined) this.#stability = 'done';
    else {
      this.#ask('stability', 'mapping', first.ask.options.to, 'stun', now);
      for (const question of this.#questions) this.#sendDue(question.ask, now);
    }
  }

  #finishIfDone(): void {
    if (this.#failed.has('mapping')) this.#finish();
    if (this.#filtering !== 'done' || this.#hairpin !== 'done' || this.#stability === 'waiting') return;
    if (this.#questions.every((question) => question.ask.done)) this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    for (const role of ROLES) this.#out.command({ type: 'close', transport: this.#transport(role) });
    this.#out.event({ type: 'finished' });
  }

  #reportQuestion(question: Question): void {
    if (question.reported) return;
    question.reported = true;
    const test = testOfQuestion(question);
    if (test !== undefined) this.#emit(question.role, test);
  }

  #reportTrial(trial: FilteringTrial): void {
    if (trial.reported) return;
    trial.reported = true;
    this.#emit('filtering', testOfTrial(trial, trial.question.sender, trial.question.expected, 'rfc5780'));
  }

  #reportRelayTrial(trial: RelayTrial): void {
    if (trial.reported) return;
    trial.reported = true;
    this.#emit('filtering', testOfTrial(trial, trial.sender, trial.relayed, 'relay'));
    const own = this.#filteringMapped;
    if (trial.mapped === undefined || own === undefined || this.#filteringServer === undefined) return;
    // The relay is one more destination of the filtering socket: two samples of one socket, comparable with each other.
    this.#emit('filtering', testOfSighting(this.#filteringServer, own));
    this.#emit('filtering', testOfSighting(trial.relayed, trial.mapped));
  }

  #emit(role: Role, test: TestBody): void {
    const local = this.#locals.get(role);
    this.#out.event({
      type: 'nat-test',
      interface: this.#options.interface,
      family: this.#options.family,
      local: local === undefined ? this.#options.localAddress : formatSocketAddress(local),
      ...test,
    });
  }

  /** True once every mapping question has an answer or has been given up. */
  #mappingSettled(): boolean {
    const asked = this.#questions.filter((question) => question.kind === 'mapping');
    return asked.length > 0 && asked.every((question) => question.ask.done);
  }

  #firstAnswering(): Question | undefined {
    return this.#questions.find((question) => question.kind === 'mapping' && question.mapped !== undefined);
  }

  #waitingFor(): string {
    if (!this.#mappingSettled()) return 'answers of the STUN servers';
    if (this.#filtering !== 'done') return 'packets from addresses that were not sent to (filtering)';
    return this.#hairpin === 'done' ? 'a last look at the mapping' : 'a packet that hairpins';
  }

  #transport(role: Role): TransportId {
    return `${this.#prefix}-${role}`;
  }

  #roleOf(transport: TransportId): Role {
    return ROLES.find((role) => this.#transport(role) === transport) ?? 'mapping';
  }
}
