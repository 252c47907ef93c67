import type { SocketAddress } from '../../address.ts';
import type { TransportId } from '../../machine.ts';
import { randomInteger } from '../../random.ts';
import { fail, ok } from '../../result.ts';
import { ConnectionId, XorPeerAddress } from '../../stun/attributes.ts';
import { MessageBuilder } from '../../stun/encode.ts';
import type { StunMessage } from '../../stun/message.ts';
import { Method } from '../../stun/registry.ts';
import type { Instant } from '../../time.ts';
import type { Allocation, FiveTuple, Owner } from './allocation.ts';
import type { ServerContext } from './context.ts';
import type { Expiring } from './expiry-queue.ts';
import type { ClientLeg } from './outbound.ts';
import { DONE, type Outcome } from './outcome.ts';
import { badRequest, type Refusal, refusal } from './refusal.ts';
import { parseConnect, parseConnectionBind } from './requests.ts';

/** RFC 6062 3: a TCP connection between a relayed address and a peer, and the client's connection joined to it. */
export class PeerConnection implements Expiring {
  readonly kind = 'peer-connection';
  readonly id: TransportId;
  /** CONNECTION-ID. */
  readonly number: number;
  readonly allocation: Allocation;
  readonly peer: SocketAddress;
  state: 'connecting' | 'waiting' | 'joined' = 'connecting';
  /** Concludes the Connect request, while that is open. */
  answer: ((outcome: Outcome, now: Instant) => void) | undefined;
  expiresAt: Instant = Number.NEGATIVE_INFINITY;
  queueIndex = -1;

  constructor(id: TransportId, number: number, allocation: Allocation, peer: SocketAddress) {
    this.id = id;
    this.number = number;
    this.allocation = allocation;
    this.peer = peer;
  }
}

/** RFC 6062: the connections of TCP allocations. */
export class PeerConnections {
  readonly #context: ServerContext;
  readonly #leg: ClientLeg;
  readonly #byId = new Map<TransportId, PeerConnection>();
  readonly #byNumber = new Map<number, PeerConnection>();
  #nextId = 1;

  constructor(context: ServerContext, leg: ClientLeg) {
    this.#context = context;
    this.#leg = leg;
  }

  /** RFC 6062 5.2. The outcome comes by `answer`: a connection takes its time. */
  connect(
    allocation: Allocation,
    message: StunMessage,
    now: Instant,
    answer: (outcome: Outcome, now: Instant) => void,
  ): void {
    const peer = parseConnect(message);
    const refused = peer.ok ? this.#refused(allocation, peer.value) : peer.error;
    const relay = allocation.relays[0];
    if (!peer.ok || refused !== undefined || relay === undefined) {
      answer(fail(refused ?? refusal(437, 'no relayed address')), now);
      return;
    }
    const connection = this.#add(allocation, peer.value, now);
    connection.answer = answer;
    const command = { type: 'connect-peer', connection: connection.id, relay: relay.id, to: peer.value } as const;
    this.#context.queue.command(command);
  }

  /** The system's answers to `connect-peer`. */
  opened(id: TransportId, now: Instant): void {
    const connection = this.#byId.get(id);
    if (connection?.state !== 'connecting') return;
    connection.state = 'waiting';
    this.#context.expiries.set(connection, now + this.#patience);
    connection.answer?.(
      ok((sink) => sink.add(ConnectionId, connection.number)),
      now,
    );
    connection.answer = undefined;
  }

  /** The connection is over, or never was. The client's half, if joined, is the driver's to close with it. */
  closed(id: TransportId, why: string, now: Instant): void {
    const connection = this.#byId.get(id);
    if (connection === undefined) return;
    this.#forget(connection);
    connection.answer?.(fail(refusal(447, why)), now);
  }

  /** RFC 6062 5.3: a peer connected to the relayed address. */
  accepted(id: TransportId, relayId: TransportId, peer: SocketAddress, now: Instant): void {
    const allocation = this.#context.allocations.byRelay(relayId)?.allocation;
    const permission = allocation?.peers.get(peer.address);
    const isPermitted = permission !== undefined && permission.expiresAt > now;
    if (allocation === undefined || !isPermitted || this.#isFull(allocation)) {
      this.#context.queue.command({ type: 'close-connection', connection: id });
      return;
    }
    const connection = this.#add(allocation, peer, now, id);
    connection.state = 'waiting';
    const indication = new MessageBuilder('indication', Method.ConnectionAttempt, this.#context.random.bytes(12))
      .add(ConnectionId, connection.number)
      .add(XorPeerAddress, peer)
      .build();
    const { transport, client } = allocation.fiveTuple;
    this.#leg.send(transport, client, indication, now, true);
  }

  /** Whose connection a ConnectionBind is about, for its credentials. */
  ownerOf(message: StunMessage): Owner | undefined {
    const number = message.get(ConnectionId);
    return number === undefined ? undefined : this.#byNumber.get(number)?.allocation.owner;
  }

  /** RFC 6062 5.4, without the joining: that comes once the answer is on its way, by `join`. */
  bind(tuple: FiveTuple, message: StunMessage, username: string): Outcome {
    const number = parseConnectionBind(message);
    if (!number.ok) return number;
    if (tuple.protocol === 'udp') return fail(badRequest('ConnectionBind needs a connection of its own'));
    if (this.#context.allocations.byClient(tuple.transport, tuple.client.address, tuple.client.port) !== undefined) {
      return fail(badRequest('this is a control connection'));
    }
    const connection = this.#byNumber.get(number.value);
    if (connection?.state !== 'waiting') return fail(badRequest('no connection waits by that CONNECTION-ID'));
    if (connection.allocation.owner.username !== username)
      return fail(refusal(441, 'the allocation is another user’s'));
    return DONE;
  }

  /** From now on the two streams are one, and carry no STUN. */
  join(tuple: FiveTuple, message: StunMessage): void {
    const connection = this.#byNumber.get(message.get(ConnectionId) ?? -1);
    if (connection === undefined) return;
    connection.state = 'joined';
    this.#context.expiries.remove(connection);
    this.#context.queue.command({ type: 'join', stream: tuple.transport, connection: connection.id });
  }

  count(id: TransportId, direction: 'to-peer' | 'to-client', bytes: number): void {
    const traffic = this.#byId.get(id)?.allocation.traffic;
    if (traffic === undefined) return;
    if (direction === 'to-peer') traffic.bytesToPeers += bytes;
    else traffic.bytesToClient += bytes;
  }

  expire(connection: PeerConnection, now: Instant): void {
    const isConnecting = connection.state === 'connecting';
    this.#context.queue.command({ type: 'close-connection', connection: connection.id });
    this.closed(connection.id, isConnecting ? 'the peer did not answer in time' : 'no ConnectionBind came', now);
  }

  /** RFC 6062 5.5: with the allocation all of its connections end. */
  allocationEnded(allocation: Allocation): void {
    for (const connection of [...this.#byId.values()]) {
      if (connection.allocation !== allocation) continue;
      this.#context.queue.command({ type: 'close-connection', connection: connection.id });
      this.#forget(connection);
    }
  }

  #refused(allocation: Allocation, peer: SocketAddress): Refusal | undefined {
    const relay = allocation.relayOf(peer.family);
    if (allocation.relays[0]?.protocol !== 'tcp') return refusal(403, 'a UDP allocation connects to nobody');
    if (relay === undefined) return refusal(443, `the allocation has no relayed address of IPv${peer.family}`);
    const forbidden = this.#context.settings.peers(peer.address);
    if (forbidden !== undefined) return refusal(403, forbidden);
    for (const { allocation: other, peer: known } of this.#byId.values()) {
      if (other === allocation && known.address === peer.address && known.port === peer.port) {
        return refusal(446, 'there is a connection to that peer');
      }
    }
    return this.#isFull(allocation) ? refusal(508, 'too many connections') : undefined;
  }

  #isFull(allocation: Allocation): boolean {
    let count = 0;
    for (const connection of this.#byId.values()) if (connection.allocation === allocation) count++;
    return count >= this.#context.settings.quotas.peerConnectionsPerAllocation;
  }

  #add(allocation: Allocation, peer: SocketAddress, now: Instant, given?: TransportId): PeerConnection {
    let number = 0;
    // RFC 6062 5.2: not to be guessed, and never one that is in use.
    do number = randomInteger(this.#context.random, 2 ** 32);
    while (this.#byNumber.has(number));
    const connection = new PeerConnection(given ?? `peer-${this.#nextId++}`, number, allocation, peer);
    this.#byId.set(connection.id, connection);
    this.#byNumber.set(number, connection);
    this.#context.expiries.set(connection, now + this.#patience);
    return connection;
  }

  #forget(connection: PeerConnection): void {
    this.#byId.delete(connection.id);
    this.#byNumber.delete(connection.number);
    this.#context.expiries.remove(connection);
  }

  get #patience(): number {
    return this.#context.lifetimes.connectionBind * 1000;
  }
}
