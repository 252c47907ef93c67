import { fail } from '../../result.ts';
import type { StunMessage } from '../../stun/message.ts';
import { Method, methodName } from '../../stun/registry.ts';
import type { Instant } from '../../time.ts';
import type { Allocating } from './allocating.ts';
import type { Allocation, FiveTuple, Owner } from './allocation.ts';
import type { Answering } from './answering.ts';
import type { Authenticated } from './authentication.ts';
import type { BehaviourDiscovery } from './behaviour-discovery.ts';
import type { ServerContext } from './context.ts';
import type { Exchange } from './exchange.ts';
import type { TurnMethods } from './methods.ts';
import type { Outcome } from './outcome.ts';
import type { PeerConnections } from './peer-connections.ts';
import { type Refusal, refusal } from './refusal.ts';
import { UNDERSTOOD, unknownTo } from './requests.ts';

type Sender = Authenticated & Owner;

/** Requests: who sends them, whether they may, which part of the server answers. */
export class ClientRequests {
  readonly #context: ServerContext;
  readonly #answering: Answering;
  readonly #allocating: Allocating;
  readonly #methods: TurnMethods;
  readonly #connections: PeerConnections;
  readonly #discovery: BehaviourDiscovery;
  readonly #onJoined: (tuple: FiveTuple) => void;
  readonly #isOwnListener: (address: string, port: number) => boolean;

  /** `onJoined`: the stream carries no STUN any more. */
  constructor(
    context: ServerContext,
    parts: {
      readonly answering: Answering;
      readonly allocating: Allocating;
      readonly methods: TurnMethods;
      readonly connections: PeerConnections;
      readonly discovery: BehaviourDiscovery;
      readonly onJoined: (tuple: FiveTuple) => void;
      readonly isOwnListener: (address: string, port: number) => boolean;
    },
  ) {
    this.#context = context;
    this.#answering = parts.answering;
    this.#allocating = parts.allocating;
    this.#methods = parts.methods;
    this.#connections = parts.connections;
    this.#discovery = parts.discovery;
    this.#onJoined = parts.onJoined;
    this.#isOwnListener = parts.isOwnListener;
  }

  handle(tuple: FiveTuple, message: StunMessage, now: Instant): void {
    if (!METHODS.has(message.method)) {
      // RFC 8489 6.3: a method that is not supported is discarded in silence.
      const { length } = message.bytes;
      const detail = methodName(message.method);
      this.#context.queue.event({ type: 'ignored', from: tuple.client, reason: 'unknown-method', detail, length });
      return;
    }
    const { effect, tweaks } = this.#context.faults.onRequest(message.method);
    const exchange: Exchange = { tuple, message, tweaks };
    if (effect?.kind === 'silent' || effect?.kind === 'close') this.#drop(exchange, effect.kind);
    else if (effect?.kind === 'refuse') this.#answering.refuse(exchange, undefined, this.#fault(effect.code), now);
    else if (message.method === Method.Binding) this.#binding(exchange, now);
    else this.#authenticated(exchange, now);
  }

  #authenticated(exchange: Exchange, now: Instant): void {
    const { tuple, message } = exchange;
    const { transport, client } = tuple;
    const allocation = this.#context.allocations.byClient(transport, client.address, client.port);
    const unixNow = this.#context.unixNow(now);
    const isBind = message.method === Method.ConnectionBind;
    const known = isBind ? this.#connections.ownerOf(message) : allocation?.owner;
    const checked = this.#context.authenticator.check(message, client.address, unixNow, known);
    const isLetIn = !checked.ok && checked.error.isFirst === true && this.#context.faults.plan.openRelay;
    if (!checked.ok && !isLetIn) {
      this.#answering.refuse(exchange, undefined, checked.error, now);
      return;
    }
    // Whoever came in without credentials gets answers without integrity: there is no key for it.
    const sender = checked.ok ? checked.value : undefined;
    const owner: Owner = sender ?? NOBODY;
    const refused = this.#refused(message, allocation, owner);
    if (refused !== undefined) this.#answering.refuse(exchange, sender, refused, now);
    else if (message.method === Method.Allocate) this.#allocate(exchange, allocation, sender, owner, now);
    else if (isBind) this.#bindConnection(exchange, sender, owner, now);
    else if (allocation !== undefined && message.method === Method.Connect) {
      this.#connections.connect(allocation, message, now, (outcome, later) => {
        this.#answering.conclude(exchange, sender, outcome, later);
      });
    } else if (allocation !== undefined) {
      this.#answering.conclude(exchange, sender, this.#onAllocation(allocation, message, now), now);
    }
  }

  /** What forbids a request whatever its method wants. */
  #refused(message: StunMessage, allocation: Allocation | undefined, sender: Owner): Refusal | undefined {
    const unknown = unknownTo(message, UNDERSTOOD);
    if (unknown !== undefined) return unknown;
    // RFC 6062 4.3: ConnectionBind comes on a connection of its own.
    if (message.method !== Method.Allocate && message.method !== Method.ConnectionBind) {
      // RFC 8656 5: no allocation, or one that is not ready.
      if (allocation?.state !== 'live') return refusal(437, 'no allocation on this 5-tuple');
      // RFC 8656 5: other credentials than those that made the allocation.
      if (allocation.owner.username !== sender.username) return refusal(441, 'the allocation is another user’s');
    }
    const code = this.#context.faults.refuses(message.method);
    return code === undefined ? undefined : this.#fault(code);
  }

  #allocate(
    exchange: Exchange,
    allocation: Allocation | undefined,
    sender: Sender | undefined,
    { username, key, algorithm }: Owner,
    now: Instant,
  ): void {
    if (allocation === undefined) {
      this.#allocating.allocate(exchange, { username, key, algorithm }, now, (outcome, later, made) => {
        const response = this.#answering.conclude(exchange, sender, outcome, later);
        if (made !== undefined) made.response = response;
      });
      return;
    }
    const again = this.#allocating.allocateAgain(allocation, exchange.message);
    if (again instanceof Uint8Array) this.#answering.send(exchange, again, now);
    else this.#answering.conclude(exchange, sender, again, now);
  }

  #onAllocation(allocation: Allocation, message: StunMessage, now: Instant): Outcome {
    switch (message.method) {
      case Method.Refresh:
        return this.#methods.refresh(allocation, message, now);
      case Method.CreatePermission:
        return this.#methods.createPermission(allocation, message, now);
      default:
        return this.#methods.channelBind(allocation, message, now, this.#isOwnListener);
    }
  }

  #bindConnection(exchange: Exchange, sender: Sender | undefined, owner: Owner, now: Instant): void {
    const { tuple, message } = exchange;
    const outcome = this.#connections.bind(tuple, message, owner.username);
    this.#answering.conclude(exchange, sender, outcome, now);
    if (outcome?.ok !== true) return;
    this.#onJoined(tuple);
    this.#connections.join(tuple, message);
  }

  /** RFC 8489 6.3.1: who asks learns the address that they are seen at. No credentials are needed. */
  #binding(exchange: Exchange, now: Instant): void {
    const { tuple, message } = exchange;
    const code = this.#context.faults.refuses(message.method);
    const answer = code === undefined ? this.#discovery.answer(tuple, message) : fail(this.#fault(code));
    if (!answer.ok) {
      this.#answering.refuse(exchange, undefined, answer.error, now);
      return;
    }
    this.#context.queue.event({ type: 'binding', client: tuple.client, transport: tuple.protocol });
    const { from = tuple.transport, to, add } = answer.value;
    const way = { ...tuple, transport: from, client: to };
    this.#answering.succeed({ ...exchange, tuple: way }, undefined, add, now);
  }

  #drop({ tuple, message }: Exchange, how: 'silent' | 'close'): void {
    const detail = `${methodName(message.method)}: ${how}`;
    const { length } = message.bytes;
    this.#context.queue.event({ type: 'ignored', from: tuple.client, reason: 'fault', detail, length });
    if (how === 'close' && tuple.protocol !== 'udp') {
      this.#context.queue.command({ type: 'close-stream', transport: tuple.transport, why: 'fault' });
    }
  }

  /** An error with all that belongs to it, as if it were true. */
  #fault(code: number): Refusal {
    const redirect = this.#context.faults.plan.redirect ?? this.#context.settings.alternateServer;
    return refusal(code, 'fault', {
      challenge: code === 401 || code === 438,
      ...(code === 420 ? { unknown: [UNKNOWN_ON_PURPOSE] } : {}),
      ...(code === 300 && redirect !== undefined ? { alternate: redirect } : {}),
    });
  }
}

/** The attribute that a 420 made by a fault complains about: REQUESTED-TRANSPORT, which every Allocate holds. */
const UNKNOWN_ON_PURPOSE = 0x0019;

/** Who sends no credentials to a server that asks for none. */
const NOBODY: Owner = { username: '', key: new Uint8Array(), algorithm: 'MD5' };

const METHODS: ReadonlySet<number> = new Set<number>([
  Method.Binding,
  Method.Allocate,
  Method.Refresh,
  Method.CreatePermission,
  Method.ChannelBind,
  Method.Connect,
  Method.ConnectionBind,
]);
