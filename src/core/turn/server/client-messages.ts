import type { SocketAddress } from '../../address.ts';
import type { TransportId } from '../../machine.ts';
import { XorMappedAddress } from '../../stun/attributes.ts';
import { checkFingerprint } from '../../stun/fingerprint.ts';
import { decodeMessage, type StunMessage } from '../../stun/message.ts';
import { Method, methodName } from '../../stun/registry.ts';
import type { Instant } from '../../time.ts';
import { Allocating } from './allocating.ts';
import type { Allocation, FiveTuple, Owner } from './allocation.ts';
import type { Authenticated } from './authentication.ts';
import type { ServerContext } from './context.ts';
import type { IgnoredReason } from './io.ts';
import type { Lifecycle } from './lifecycle.ts';
import { TurnMethods } from './methods.ts';
import type { Outcome } from './outcome.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { Relaying, Route } from './relaying.ts';
import { UNDERSTOOD, unknownTo } from './requests.ts';
import type { Reservations } from './reservations.ts';

type Sender = Authenticated & Owner;

/** Takes whole messages apart: data goes its way, requests are checked, answered or refused. */
export class ClientMessages {
  readonly #context: ServerContext;
  readonly #relaying: Relaying;
  readonly #allocating: Allocating;
  readonly #methods: TurnMethods;
  readonly #isOwnListener: (address: string, port: number) => boolean;

  constructor(
    context: ServerContext,
    lifecycle: Lifecycle,
    reservations: Reservations,
    relaying: Relaying,
    isOwnListener: (address: string, port: number) => boolean,
  ) {
    this.#context = context;
    this.#relaying = relaying;
    this.#allocating = new Allocating(context, lifecycle, reservations);
    this.#methods = new TurnMethods(context, lifecycle);
    this.#isOwnListener = isOwnListener;
  }

  /** One datagram, or one frame of a stream. */
  fromClient(tuple: FiveTuple, bytes: Uint8Array, now: Instant): void {
    const first = bytes[0] ?? 0xff;
    if (first >= 0x40 && first <= 0x7f) {
      this.#relay(tuple, bytes, now);
      return;
    }
    const message = decodeMessage(bytes);
    if (!message.ok) {
      const { code } = message.error;
      const reason = code === 'not-stun' || code === 'bad-cookie' ? 'not-stun' : 'malformed';
      this.#ignore(tuple.client, reason, message.error.message, bytes.length);
    } else if (checkFingerprint(message.value) === 'invalid') {
      // RFC 8489 6.3: then it is some other protocol's that looks like STUN.
      this.#ignore(tuple.client, 'bad-fingerprint', 'FINGERPRINT does not match', bytes.length);
    } else if (message.value.class === 'request') this.#request(tuple, message.value, now);
    else if (message.value.class === 'indication') this.#indication(tuple, message.value, now);
    else this.#ignore(tuple.client, 'unexpected-class', `a ${message.value.class} response to a server`, bytes.length);
  }

  /** One datagram that a peer sent to a relayed address. */
  fromPeer(relay: TransportId, from: SocketAddress, bytes: Uint8Array, now: Instant): void {
    const route = this.#relaying.fromPeer(relay, from.address, from.port, bytes, now);
    if (route === undefined) this.#tellOnce(from, bytes);
    else this.#transmit(route);
  }

  #relay(tuple: FiveTuple, bytes: Uint8Array, now: Instant): void {
    const { transport, client } = tuple;
    const route = this.#relaying.fromClient(transport, client.address, client.port, bytes, now);
    if (route === undefined) this.#tellOnce(client, bytes);
    else this.#transmit(route);
  }

  #indication(tuple: FiveTuple, message: StunMessage, now: Instant): void {
    if (message.method === Method.Send) this.#relay(tuple, message.bytes, now);
    // A Binding indication keeps a NAT's mapping alive and asks for nothing (RFC 8489 3).
    else if (message.method !== Method.Binding) {
      const detail = `${methodName(message.method)} indication`;
      this.#ignore(tuple.client, 'unknown-method', detail, message.bytes.length);
    }
  }

  #request(tuple: FiveTuple, message: StunMessage, now: Instant): void {
    if (message.method === Method.Binding) {
      this.#binding(tuple, message, now);
      return;
    }
    if (!TURN_METHODS.has(message.method)) {
      // RFC 8489 6.3: a method that is not supported is discarded in silence.
      this.#ignore(tuple.client, 'unknown-method', methodName(message.method), message.bytes.length);
      return;
    }
    const { transport, client } = tuple;
    const allocation = this.#context.allocations.byClient(transport, client.address, client.port);
    const unixNow = this.#context.unixNow(now);
    const checked = this.#context.authenticator.check(message, client.address, unixNow, allocation?.owner);
    if (!checked.ok) {
      this.#refuse(tuple, message, undefined, checked.error, now);
      return;
    }
    const sender = checked.value;
    const refused = this.#refusedBefore(message, allocation, sender);
    if (refused !== undefined) this.#refuse(tuple, message, sender, refused, now);
    else if (message.method === Method.Allocate) this.#allocate(tuple, message, allocation, sender, now);
    else if (allocation !== undefined) {
      this.#conclude(tuple, message, sender, this.#onAllocation(allocation, message, now), now);
    }
  }

  /** What forbids a request whatever its method wants. */
  #refusedBefore(message: StunMessage, allocation: Allocation | undefined, sender: Sender): Refusal | undefined {
    const unknown = unknownTo(message, UNDERSTOOD);
    if (unknown !== undefined || message.method === Method.Allocate) return unknown;
    // RFC 8656 5: no allocation, or one that is not ready.
    if (allocation?.state !== 'live') return refusal(437, 'no allocation on this 5-tuple');
    // RFC 8656 5: other credentials than those that made the allocation.
    if (allocation.owner.username !== sender.username) return refusal(441, 'the allocation is another user’s');
    return undefined;
  }

  #allocate(
    tuple: FiveTuple,
    message: StunMessage,
    allocation: Allocation | undefined,
    sender: Sender,
    now: Instant,
  ): void {
    if (allocation === undefined) {
      const owner: Owner = { username: sender.username, key: sender.key, algorithm: sender.algorithm };
      this.#allocating.allocate(tuple, message, owner, now, (outcome, made) => {
        const response = this.#conclude(tuple, message, sender, outcome, now);
        if (made !== undefined) made.response = response;
      });
      return;
    }
    const again = this.#allocating.allocateAgain(allocation, message);
    if (again instanceof Uint8Array) this.#send(tuple, again);
    else this.#conclude(tuple, message, sender, again, now);
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

  /** RFC 8489 6.3.1: who asks learns the address that they are seen at. No credentials are needed. */
  #binding(tuple: FiveTuple, message: StunMessage, now: Instant): void {
    const unknown = unknownTo(message, UNDERSTOOD);
    if (unknown !== undefined) {
      this.#refuse(tuple, message, undefined, unknown, now);
      return;
    }
    this.#context.queue.event({ type: 'binding', client: tuple.client, transport: tuple.protocol });
    const response = this.#context.responder.success(message, undefined, (builder) =>
      builder.add(XorMappedAddress, tuple.client),
    );
    this.#send(tuple, response);
  }

  #conclude(
    tuple: FiveTuple,
    message: StunMessage,
    sender: Sender,
    outcome: Outcome,
    now: Instant,
  ): Uint8Array | undefined {
    if (outcome === undefined) {
      this.#ignore(tuple.client, 'retransmission', methodName(message.method), message.bytes.length);
      return undefined;
    }
    if (!outcome.ok) {
      this.#refuse(tuple, message, sender, outcome.error, now);
      return undefined;
    }
    const response = this.#context.responder.success(message, sender, outcome.value);
    this.#send(tuple, response);
    return response;
  }

  #refuse(tuple: FiveTuple, message: StunMessage, sender: Sender | undefined, why: Refusal, now: Instant): void {
    const nonce = this.#context.nonces.issue(tuple.client.address, this.#context.unixNow(now));
    this.#context.queue.event({
      type: 'rejected',
      client: tuple.client,
      transport: tuple.protocol,
      method: methodName(message.method),
      code: why.code,
      reason: why.why,
      challenge: why.code === 401 && why.why === 'no credentials yet',
    });
    this.#send(tuple, this.#context.responder.error(message, sender, why, nonce));
  }

  #send(tuple: FiveTuple, bytes: Uint8Array): void {
    this.#context.queue.transmit(tuple.transport, tuple.client, bytes);
  }

  #transmit(route: Route): void {
    const { family, address, port, bytes, offset, length } = route;
    // An output outlives the next call, a route does not.
    const lasting = route.borrowed ? bytes.slice(offset, offset + length) : bytes.subarray(offset, offset + length);
    this.#context.queue.transmit(route.transport, { family, address, port }, lasting);
  }

  #tellOnce(from: SocketAddress, bytes: Uint8Array): void {
    const { refused, allocation } = this.#relaying.route;
    if (allocation !== undefined) {
      allocation.traffic.packetsDropped++;
      if (allocation.told.has(refused)) return;
      allocation.told.add(refused);
    }
    const detail = allocation === undefined ? 'data for no allocation' : `data on allocation ${allocation.id}`;
    this.#ignore(from, refused, detail, bytes.length);
  }

  #ignore(from: SocketAddress, reason: IgnoredReason, detail: string, length: number): void {
    this.#context.queue.event({ type: 'ignored', from, reason, detail, length });
  }
}

const TURN_METHODS: ReadonlySet<number> = new Set<number>([
  Method.Allocate,
  Method.Refresh,
  Method.CreatePermission,
  Method.ChannelBind,
]);
