import type { SocketAddress } from '../../address.ts';
import type { Hashes } from '../../hashes.ts';
import type { Deadline, Machine, Output, TransportId } from '../../machine.ts';
import type { Random } from '../../random.ts';
import type { Instant } from '../../time.ts';
import type { Allocation, AllocationSnapshot } from './allocation.ts';
import { ClientMessages } from './client-messages.ts';
import { createContext, type Mortal, type ServerContext } from './context.ts';
import type {
  AllocationEnd,
  ListenerOpened,
  StreamOpened,
  TurnServerCommand,
  TurnServerEvent,
  TurnServerInput,
} from './io.ts';
import { Lifecycle } from './lifecycle.ts';
import { Relaying, type Route } from './relaying.ts';
import { Reservations } from './reservations.ts';
import type { TurnServerSettings } from './settings.ts';
import { ClientStream } from './streams.ts';

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
  readonly #listeners = new Map<TransportId, SocketAddress>();
  readonly #listenersByPort = new Map<number, Set<string>>();
  readonly #streams = new Map<TransportId, ClientStream>();
  #closed = false;

  constructor(settings: TurnServerSettings, hashes: Hashes, random: Random) {
    this.#context = createContext(settings, hashes, random);
    this.#lifecycle = new Lifecycle(this.#context, (allocation, now) => this.#allocationEnded(allocation, now));
    this.#reservations = new Reservations(this.#context);
    this.#relaying = new Relaying(this.#context.allocations, this.#listenersByPort, random);
    this.#messages = new ClientMessages(this.#context, this.#lifecycle, this.#reservations, this.#relaying, (a, p) =>
      this.#isOwnListener(a, p),
    );
  }

  handle(input: TurnServerInput, now: Instant): void {
    if (this.#closed) return;
    switch (input.type) {
      case 'listener-opened':
        this.#addListener(input);
        break;
      case 'stream-opened':
        this.#openStream(input, now);
        break;
      case 'stream-closed':
        this.#streamClosed(input.transport, now);
        break;
      case 'received':
        this.#received(input.transport, input.from, input.bytes, now);
        break;
      case 'relay-bound':
        this.#context.binder.bound(input.relay);
        break;
      case 'relay-failed':
        this.#relayFailed(input.relay, input.code, now);
        break;
      case 'relay-received':
        this.#messages.fromPeer(input.relay, input.from, input.bytes, now);
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
    if (first < 0x40 && (first !== 0 || bytes[1] !== 0x16)) return undefined;
    return this.#relaying.fromClient(transport, address, port, bytes, now);
  }

  /** The same for a datagram that arrived at a relay. */
  routeFromPeer(relay: TransportId, address: string, port: number, bytes: Uint8Array, now: Instant): Route | undefined {
    return this.#relaying.fromPeer(relay, address, port, bytes, now);
  }

  /** The last route's borrowed bytes went somewhere that holds on to them. */
  keepBorrowed(): void {
    this.#relaying.keepBorrowed();
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

  /** RFC 8656 21: a server that relays to itself is a way around its own address checks, and a loop. */
  #protect(local: SocketAddress): void {
    const addresses = this.#listenersByPort.get(local.port) ?? new Set();
    addresses.add(local.address);
    this.#listenersByPort.set(local.port, addresses);
  }

  #isOwnListener(address: string, port: number): boolean {
    return this.#listenersByPort.get(port)?.has(address) === true;
  }

  #openStream({ transport, protocol, local, remote }: StreamOpened, now: Instant): void {
    if (this.#streams.size >= this.#context.settings.quotas.streams) {
      this.#context.queue.command({ type: 'close-stream', transport, why: 'too many connections' });
      return;
    }
    this.#protect(local);
    const stream = new ClientStream({ transport, protocol, local, client: remote });
    this.#streams.set(transport, stream);
    this.#context.expiries.set(stream, now + this.#context.settings.lifetimes.idleStream * 1000);
  }

  #streamClosed(transport: TransportId, now: Instant): void {
    const stream = this.#streams.get(transport);
    if (stream === undefined) return;
    this.#forgetStream(stream);
    const { client } = stream.tuple;
    // RFC 8656 7.2: the allocation of a TCP or TLS connection ends with it.
    const allocation = this.#context.allocations.byClient(transport, client.address, client.port);
    if (allocation !== undefined) this.#lifecycle.end(allocation, 'connection-closed', now);
  }

  #received(transport: TransportId, from: SocketAddress, bytes: Uint8Array, now: Instant): void {
    const local = this.#listeners.get(transport);
    if (local !== undefined) {
      this.#messages.fromClient({ transport, protocol: 'udp', local, client: from }, bytes, now);
      return;
    }
    const stream = this.#streams.get(transport);
    if (stream === undefined) {
      const detail = 'no listener and no stream of that name';
      this.#context.queue.event({ type: 'ignored', from, reason: 'unknown-transport', detail, length: bytes.length });
      return;
    }
    this.#streamReceived(stream, bytes, now);
  }

  #streamReceived(stream: ClientStream, bytes: Uint8Array, now: Instant): void {
    const { tuple } = stream;
    const frames = stream.framer.push(bytes);
    for (const frame of frames) {
      if (frame.kind === 'error') {
        this.#closeStream(stream, `${frame.message}${frame.protocol === undefined ? '' : ` (${frame.protocol})`}`, now);
        return;
      }
      this.#messages.fromClient(tuple, frame.bytes, now);
    }
    if (!this.#streams.has(tuple.transport)) return;
    const { client } = tuple;
    const isHolding = this.#context.allocations.byClient(tuple.transport, client.address, client.port) !== undefined;
    // A whole message buys time; half a message must be followed by the rest of it before that is used up.
    if (isHolding && stream.framer.bufferedBytes === 0) this.#context.expiries.remove(stream);
    else if (frames.length > 0 || stream.queueIndex < 0) this.#watchStream(stream, now);
  }

  #watchStream(stream: ClientStream, now: Instant): void {
    this.#context.expiries.set(stream, now + this.#context.settings.lifetimes.idleStream * 1000);
  }

  #closeStream(stream: ClientStream, why: string, now: Instant): void {
    const { transport, client } = stream.tuple;
    this.#context.queue.event({ type: 'stream-closed', client, why });
    this.#context.queue.command({ type: 'close-stream', transport, why });
    this.#streamClosed(transport, now);
  }

  #forgetStream(stream: ClientStream): void {
    this.#streams.delete(stream.tuple.transport);
    this.#context.expiries.remove(stream);
  }

  #allocationEnded(allocation: Allocation, now: Instant): void {
    const stream = this.#streams.get(allocation.fiveTuple.transport);
    if (stream !== undefined) this.#watchStream(stream, now);
  }

  #relayFailed(relay: TransportId, code: string, now: Instant): void {
    if (this.#context.binder.failed(relay, code)) return;
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
      case 'stream':
        this.#closeStream(item, item.framer.bufferedBytes > 0 ? 'half a message' : 'idle without an allocation', now);
        break;
    }
  }

  #close(now: Instant): void {
    this.#endAll('server-closed', now);
    this.#reservations.close();
    for (const stream of [...this.#streams.values()]) {
      this.#context.queue.command({ type: 'close-stream', transport: stream.tuple.transport, why: 'server closed' });
      this.#forgetStream(stream);
    }
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
};
