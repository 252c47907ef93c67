import type { SocketAddress } from '../../address.ts';
import type { Hashes } from '../../hashes.ts';
import type { Deadline, Machine, Output, TransportId } from '../../machine.ts';
import type { Random } from '../../random.ts';
import type { Instant } from '../../time.ts';
import { Allocating } from './allocating.ts';
import type { AllocationSnapshot, FiveTuple } from './allocation.ts';
import { Answering } from './answering.ts';
import { BehaviourDiscovery } from './behaviour-discovery.ts';
import { ClientMessages } from './client-messages.ts';
import { ClientRequests } from './client-requests.ts';
import { createContext, type Mortal, type ServerContext } from './context.ts';
import { DataPath } from './data-path.ts';
import { Elsewhere } from './elsewhere.ts';
import type { FaultPlan } from './faults/plan.ts';
import { FaultState } from './faults/state.ts';
import type { AllocationEnd, ListenerOpened, TurnServerCommand, TurnServerEvent, TurnServerInput } from './io.ts';
import { Lifecycle } from './lifecycle.ts';
import { TurnMethods } from './methods.ts';
import { ClientLeg } from './outbound.ts';
import { PeerConnections } from './peer-connections.ts';
import { Relaying, type Route } from './relaying.ts';
import { Reservations } from './reservations.ts';
import type { TurnServerSettings } from './settings.ts';
import { ClientStreams } from './streams.ts';

/**
 * A TURN server (RFC 8656) without a socket: told of datagrams, streams and the time, it says what to send and which
 * sockets to open. The command, the simulated network of tests and fault injection run this same machine.
 */
export class TurnServer implements Machine<TurnServerInput, TurnServerCommand, TurnServerEvent> {
  readonly #context: ServerContext;
  readonly #lifecycle: Lifecycle;
  readonly #reservations: Reservations;
  readonly #relaying: Relaying;
  readonly #messages: ClientMessages;
  readonly #data: DataPath;
  readonly #leg: ClientLeg;
  readonly #elsewhere: Elsewhere;
  readonly #connections: PeerConnections;
  readonly #listeners = new Map<TransportId, SocketAddress>();
  readonly #listenersByPort = new Map<number, Set<string>>();
  readonly #streams: ClientStreams;
  #closed = false;

  constructor(settings: TurnServerSettings, hashes: Hashes, random: Random) {
    this.#context = createContext(settings, hashes, random);
    this.#lifecycle = new Lifecycle(this.#context, (allocation, now) => {
      this.#connections.allocationEnded(allocation);
      this.#streams.released(allocation.fiveTuple.transport, now);
    });
    this.#reservations = new Reservations(this.#context);
    this.#relaying = new Relaying(this.#context.allocations, this.#listenersByPort, random);
    this.#streams = new ClientStreams(
      this.#context,
      (tuple, bytes, now) => this.#messages.handle(tuple, bytes, now),
      (tuple, now) => this.#streamGone(tuple, now),
    );
    this.#leg = new ClientLeg(this.#context, (transport, now) => this.#streams.used(transport, now));
    this.#elsewhere = new Elsewhere(this.#context);
    this.#connections = new PeerConnections(this.#context, this.#leg);
    this.#data = new DataPath(this.#context, this.#relaying, this.#leg);
    const requests = new ClientRequests(this.#context, {
      answering: new Answering(this.#context, this.#leg, this.#elsewhere),
      allocating: new Allocating(this.#context, this.#lifecycle, this.#reservations),
      methods: new TurnMethods(this.#context, this.#lifecycle),
      connections: this.#connections,
      discovery: new BehaviourDiscovery(this.#listeners),
      onJoined: (tuple) => this.#streams.handOver(tuple.transport),
      isOwnListener: (address, port) => this.#isOwnListener(address, port),
    });
    this.#messages = new ClientMessages(this.#context, requests, this.#data);
  }

  handle(input: TurnServerInput, now: Instant): void {
    if (this.#closed) return;
    switch (input.type) {
      case 'listener-opened':
        this.#addListener(input);
        break;
      case 'listener-closed':
        this.#removeListener(input.transport, now);
        break;
      case 'stream-opened':
        this.#protect(input.local);
        this.#streams.open(input, now);
        break;
      case 'stream-closed':
        this.#streams.closed(input.transport, now);
        break;
      case 'received':
        this.#received(input.transport, input.from, input.bytes, now);
        break;
      case 'relay-bound':
        if (!this.#elsewhere.bound(input.relay)) this.#context.binder.bound(input.relay, now);
        break;
      case 'relay-failed':
        this.#relayFailed(input.relay, input.code, now);
        break;
      case 'relay-received':
        this.#data.fromPeer(input.relay, input.from, input.bytes, now);
        break;
      case 'connection-opened':
        this.#connections.opened(input.connection, now);
        break;
      case 'connection-closed':
        this.#connections.closed(input.connection, input.why, now);
        break;
      case 'connection-accepted':
        this.#connections.accepted(input.connection, input.relay, input.from, now);
        break;
      case 'set-faults':
        this.#setFaults(input.plan, input.seed, now);
        break;
      case 'drop-allocation': {
        const allocation = this.#context.allocations.byId(input.allocation);
        if (allocation !== undefined) this.#lifecycle.end(allocation, 'dropped', now);
        break;
      }
      case 'close':
        this.#close(now);
        break;
    }
  }

  handleTimeout(now: Instant): void {
    for (;;) {
      const item = this.#context.expiries.takeExpired(now);
      if (item === undefined) return;
      this.#expire(item, now);
    }
  }

  poll(): Output<TurnServerCommand, TurnServerEvent> | undefined {
    return this.#context.queue.poll();
  }

  get deadline(): Deadline | undefined {
    const next = this.#context.expiries.next;
    return next === undefined ? undefined : { at: next.expiresAt, why: `end of ${WHY[next.kind]}` };
  }

  /**
   * Beside `handle`, for a driver in a hurry: the way of a packet of application data, without an output in the queue.
   * Undefined where the packet is for `handle` (which then tells why it is no good, if so).
   */
  routeFromClient(
    transport: TransportId,
    address: string,
    port: number,
    bytes: Uint8Array,
    now: Instant,
  ): Route | undefined {
    const first = bytes[0] ?? 0xff;
    if ((first < 0x40 && (first !== 0 || bytes[1] !== 0x16)) || !this.#context.faults.sparesData) return undefined;
    return this.#relaying.fromClient(transport, address, port, bytes, now);
  }

  /** The same for a datagram that arrived at a relay. */
  routeFromPeer(relay: TransportId, address: string, port: number, bytes: Uint8Array, now: Instant): Route | undefined {
    if (!this.#context.faults.sparesData) return undefined;
    return this.#relaying.fromPeer(relay, address, port, bytes, now);
  }

  /** The last route's borrowed bytes went somewhere that holds on to them. */
  keepBorrowed(): void {
    this.#relaying.keepBorrowed();
  }

  /** Data between a client's stream and the peer's connection that was joined to it, for the counters. */
  countConnectionData(connection: TransportId, direction: 'to-peer' | 'to-client', bytes: number): void {
    this.#connections.count(connection, direction, bytes);
  }

  allocations(): AllocationSnapshot[] {
    const live: AllocationSnapshot[] = [];
    for (const allocation of this.#context.allocations)
      if (allocation.state === 'live') live.push(allocation.snapshot());
    return live;
  }

  #addListener({ transport, local }: ListenerOpened): void {
    this.#listeners.set(transport, local);
    this.#protect(local);
  }

  #removeListener(transport: TransportId, now: Instant): void {
    this.#listeners.delete(transport);
    for (const allocation of [...this.#context.allocations]) {
      if (allocation.fiveTuple.transport === transport) this.#lifecycle.end(allocation, 'connection-closed', now);
    }
  }

  /** RFC 8656 21: a server that relays to itself is a way around its own address checks, and a loop. */
  #protect(local: SocketAddress): void {
    const addresses = this.#listenersByPort.get(local.port) ?? new Set();
    addresses.add(local.address);
    this.#listenersByPort.set(local.port, addresses);
  }

  #isOwnListener(address: string, port: number): boolean {
    return this.#listenersByPort.get(port)?.has(address) === true;
  }

  #streamGone({ transport, client }: FiveTuple, now: Instant): void {
    this.#leg.forget(transport);
    // RFC 8656 7.2: the allocation of a TCP or TLS connection ends with it.
    const allocation = this.#context.allocations.byClient(transport, client.address, client.port);
    if (allocation !== undefined) this.#lifecycle.end(allocation, 'connection-closed', now);
  }

  #received(transport: TransportId, from: SocketAddress, bytes: Uint8Array, now: Instant): void {
    if (this.#leg.admits(transport, from, bytes, now, this.#streams.has(transport))) {
      this.#deliver(transport, from, bytes, now);
    }
  }

  #deliver(transport: TransportId, from: SocketAddress, bytes: Uint8Array, now: Instant): void {
    const local = this.#listeners.get(transport);
    if (local !== undefined) {
      this.#messages.handle({ transport, protocol: 'udp', local, client: from }, bytes, now);
      return;
    }
    if (this.#streams.received(transport, bytes, now)) return;
    const detail = 'no listener and no stream of that name';
    this.#context.queue.event({ type: 'ignored', from, reason: 'unknown-transport', detail, length: bytes.length });
  }

  #setFaults(plan: FaultPlan, seed: number, now: Instant): void {
    this.#context.faults = new FaultState(plan, seed);
    this.#elsewhere.prepare(plan, this.#listeners.values());
    this.#streams.faultsChanged(now);
  }

  #relayFailed(relay: TransportId, code: string, now: Instant): void {
    if (this.#elsewhere.failed(relay) || this.#context.binder.failed(relay, code, now)) return;
    const found = this.#context.allocations.byRelay(relay);
    if (found !== undefined) this.#lifecycle.end(found.allocation, 'relay-lost', now);
  }

  #expire(item: Mortal, now: Instant): void {
    switch (item.kind) {
      case 'allocation':
        this.#lifecycle.end(item, 'expired', now);
        break;
      case 'permission':
        this.#lifecycle.expirePermission(item);
        break;
      case 'channel':
        this.#lifecycle.expireChannel(item);
        break;
      case 'reservation':
        this.#reservations.expire(item);
        break;
      case 'delayed-packet':
        if (item.direction === 'out') this.#context.queue.transmit(item.transport, item.other, item.bytes);
        else this.#deliver(item.transport, item.other, item.bytes, now);
        break;
      case 'peer-connection':
        this.#connections.expire(item, now);
        break;
      case 'stream':
        this.#streams.expire(item, now);
        break;
    }
  }

  #close(now: Instant): void {
    this.#endAll('server-closed', now);
    this.#reservations.close();
    this.#elsewhere.close();
    this.#streams.closeAll();
    this.#closed = true;
  }

  #endAll(reason: AllocationEnd, now: Instant): void {
    for (const allocation of [...this.#context.allocations]) this.#lifecycle.end(allocation, reason, now);
  }
}

const WHY: Readonly<Record<Mortal['kind'], string>> = {
  allocation: 'an allocation',
  permission: 'a permission',
  channel: 'a channel',
  reservation: 'a reserved port',
  stream: 'waiting for a message on a stream',
  'delayed-packet': 'a delay',
  'peer-connection': 'waiting for a connection',
};
