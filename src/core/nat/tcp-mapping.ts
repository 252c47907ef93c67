import { type Family, formatSocketAddress, type SocketAddress, sameSocketAddress } from '../address.ts';
import { sameBytes } from '../bytes.ts';
import type { Deadline, Machine, Output, TransportId } from '../machine.ts';
import { OutputQueue } from '../queue.ts';
import type { Random } from '../random.ts';
import { ChangedAddress, MappedAddress, OtherAddress, XorMappedAddress } from '../stun/attributes.ts';
import { MessageBuilder } from '../stun/encode.ts';
import { StreamFramer } from '../stun/framing.ts';
import { decodeMessage } from '../stun/message.ts';
import { Method } from '../stun/registry.ts';
import type { Instant } from '../time.ts';
import type { NatTest } from './events.ts';
import { mappingDestinations } from './plan.ts';

export interface TcpMappingOptions {
  readonly interface: string | null;
  readonly family: Family;
  readonly localAddress: string;
  /** Where STUN may be answered over TCP, the likeliest first. */
  readonly servers: readonly SocketAddress[];
  /** Longest wait for one connection and its answer. Default 2000. */
  readonly patienceMs?: number;
}

export type TcpMappingInput =
  | { readonly type: 'start' }
  | { readonly type: 'opened'; readonly transport: TransportId; readonly local: SocketAddress }
  | { readonly type: 'failed'; readonly transport: TransportId; readonly error: string }
  | { readonly type: 'received'; readonly transport: TransportId; readonly bytes: Uint8Array }
  /** Of no use here: `opened` follows. */
  | { readonly type: 'connected' | 'send-failed' };

export type TcpMappingCommand =
  | {
      readonly type: 'connect';
      readonly transport: TransportId;
      readonly kind: 'tcp';
      readonly local: { readonly interface: string; readonly family: Family; readonly address: string };
      readonly remote: SocketAddress;
      readonly host: string;
      readonly localPort?: number;
    }
  | { readonly type: 'close'; readonly transport: TransportId };

/** More tell no more. */
const DESTINATIONS = 6;
const PATIENCE_MS = 2000;

/**
 * How a NAT maps TCP (RFC 5382 REQ-1): connections from one local port to several destinations, at the same time, each of
 * which tells what it saw. The first to stand gives the port; the others are made from it. All stay open until the end, for
 * a mapping may go with its last connection.
 */
export class TcpMapping implements Machine<TcpMappingInput, TcpMappingCommand, NatTest> {
  readonly #options: TcpMappingOptions;
  readonly #random: Random;
  readonly #prefix: string;
  readonly #out = new OutputQueue<TcpMappingCommand, NatTest>();
  readonly #connections: Connection[] = [];
  /** Not tried yet: one after the other until one stands. */
  readonly #waiting: SocketAddress[];
  #local: SocketAddress | undefined;
  #finished = false;

  /** `id` begins the names of its transports. */
  constructor(options: TcpMappingOptions, random: Random, id = 'nat-tcp') {
    this.#options = options;
    this.#random = random;
    this.#prefix = id;
    this.#waiting = [...options.servers];
  }

  get finished(): boolean {
    return this.#finished;
  }

  get deadline(): Deadline | undefined {
    const open = this.#connections.filter(({ done }) => !done);
    if (this.#finished || open.length === 0) return undefined;
    return { at: Math.min(...open.map(({ until }) => until)), why: 'what STUN servers see of a TCP connection' };
  }

  handle(input: TcpMappingInput, now: Instant): void {
    if (this.#finished) return;
    switch (input.type) {
      case 'start':
        this.#next(now);
        break;
      case 'opened':
        this.#opened(input.transport, input.local, now);
        break;
      case 'failed':
        this.#settle(this.#of(input.transport), { note: noteOf(input.error) }, now);
        break;
      case 'received':
        this.#received(this.#of(input.transport), input.bytes, now);
        break;
    }
  }

  handleTimeout(now: Instant): void {
    for (const connection of this.#connections) {
      if (!connection.done && now >= connection.until) this.#settle(connection, { note: 'no answer over TCP' }, now);
    }
  }

  poll(): Output<TcpMappingCommand, NatTest> | undefined {
    return this.#out.poll();
  }

  /** The next that may give the port; all that are known once it is given. */
  #next(now: Instant): void {
    const busy = this.#connections.some(({ done }) => !done);
    if (this.#local === undefined) {
      const server = busy ? undefined : this.#waiting.shift();
      if (server !== undefined) this.#connect(server, now);
    } else {
      for (const server of this.#waiting.splice(0)) this.#connect(server, now);
    }
    if (this.#connections.every(({ done }) => done)) this.#finish();
  }

  #connect(server: SocketAddress, now: Instant): void {
    const known = this.#connections.some((connection) => sameSocketAddress(connection.server, server));
    if (known || this.#connections.length >= DESTINATIONS) return;
    const { interface: name, family, localAddress, patienceMs = PATIENCE_MS } = this.#options;
    const transport = `${this.#prefix}-${this.#connections.length + 1}`;
    const transactionId = this.#random.bytes(12);
    const framer = new StreamFramer();
    this.#connections.push({ transport, server, transactionId, framer, until: now + patienceMs, done: false });
    this.#out.command({
      type: 'connect',
      transport,
      kind: 'tcp',
      local: { interface: name ?? '', family, address: localAddress },
      remote: server,
      host: server.address,
      ...(this.#local !== undefined && { localPort: this.#local.port }),
    });
  }

  #opened(transport: TransportId, local: SocketAddress, now: Instant): void {
    const connection = this.#of(transport);
    if (connection === undefined) return;
    this.#local ??= local;
    const request = new MessageBuilder('request', Method.Binding, connection.transactionId).build();
    this.#out.transmit(transport, connection.server, request);
    this.#next(now);
  }

  #received(connection: Connection | undefined, bytes: Uint8Array, now: Instant): void {
    if (connection === undefined || connection.done) return;
    for (const frame of connection.framer.push(bytes)) {
      if (frame.kind === 'error') {
        this.#settle(connection, { note: 'what answers over TCP is no STUN' }, now);
        return;
      }
      const decoded = frame.kind === 'stun' ? decodeMessage(frame.bytes) : undefined;
      if (decoded?.ok !== true || decoded.value.class !== 'success') continue;
      const message = decoded.value;
      if (!sameBytes(message.transactionId, connection.transactionId)) continue;
      const mapped = message.get(XorMappedAddress) ?? message.get(MappedAddress);
      const other = message.get(OtherAddress) ?? message.get(ChangedAddress);
      this.#waiting.push(...mappingDestinations(connection.server, other));
      this.#settle(
        connection,
        mapped === undefined ? { note: 'the answer carries no mapped address' } : { mapped },
        now,
      );
      return;
    }
  }

  #settle(connection: Connection | undefined, { mapped, note }: Seen, now: Instant): void {
    if (connection === undefined || connection.done) return;
    connection.done = true;
    const { interface: name, family, localAddress } = this.#options;
    this.#out.event({
      type: 'nat-test',
      test: 'tcp-mapping',
      interface: name,
      family,
      local: this.#local === undefined ? localAddress : formatSocketAddress(this.#local),
      destination: formatSocketAddress(connection.server),
      answerFrom: mapped === undefined ? null : formatSocketAddress(connection.server),
      mappedAddress: mapped === undefined ? null : formatSocketAddress(mapped),
      tries: 1,
      outcome: mapped === undefined ? 'not-determined' : 'yes',
      via: 'stun',
      ...(note !== undefined && { note }),
    });
    this.#next(now);
  }

  #finish(): void {
    this.#finished = true;
    for (const { transport } of this.#connections) this.#out.command({ type: 'close', transport });
  }

  #of(transport: TransportId): Connection | undefined {
    return this.#connections.find((connection) => connection.transport === transport);
  }
}

interface Connection {
  readonly transport: TransportId;
  readonly server: SocketAddress;
  readonly transactionId: Uint8Array;
  readonly framer: StreamFramer;
  readonly until: Instant;
  done: boolean;
}

interface Seen {
  readonly mapped?: SocketAddress;
  readonly note?: string;
}

/** Windows and macOS give a port that is in use to no second connection. */
function noteOf(error: string): string {
  return error === 'EADDRINUSE' || error === 'EADDRNOTAVAIL'
    ? 'this system makes one connection at a time from a local port'
    : `no TCP connection (${error})`;
}
