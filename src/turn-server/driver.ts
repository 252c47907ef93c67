import type { Socket } from 'node:net';
import type { Family, SocketAddress } from '../core/address.ts';
import type { TransportId } from '../core/machine.ts';
import type { TurnServerCommand, TurnServerEvent, TurnServerInput } from '../core/turn/server/io.ts';
import type { Route } from '../core/turn/server/relaying.ts';
import type { TurnServer } from '../core/turn/server/server.ts';
import type { Clock } from '../net/clock.ts';
import { TcpRelays } from './tcp-relays.ts';
import { openUdp, type UdpSocket } from './udp-socket.ts';

/** What waits in a connection to a client that does not read; beyond it relayed data is dropped, and answers end it. */
const MAX_UNREAD_BYTES = 1 << 20;

/** How long a closed connection may take to flush. */
const CLOSE_TIMEOUT_MS = 1000;

/** The longest delay that a timer takes. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Moves bytes between the machine and its sockets, and wakes it in time. */
export class TurnServerDriver {
  readonly #machine: TurnServer;
  readonly #clock: Clock;
  readonly #onEvent: (event: TurnServerEvent) => void;
  readonly #udp = new Map<TransportId, UdpSocket>();
  readonly #streams = new Map<TransportId, Socket>();
  /** To be taken away from a socket that is joined to a peer's. */
  readonly #receivers = new WeakMap<Socket, (bytes: Uint8Array) => void>();
  readonly #listeners = new Map<TransportId, SocketAddress>();
  readonly #tcp: TcpRelays;
  readonly #binding = new Set<Promise<void>>();
  #isMute = false;
  #nextListener = 1;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #nextStream = 1;
  #isClosed = false;

  constructor(machine: TurnServer, clock: Clock, onEvent: (event: TurnServerEvent) => void) {
    this.#machine = machine;
    this.#clock = clock;
    this.#onEvent = onEvent;
    this.#tcp = new TcpRelays(
      (input) => this.handle(input),
      (connection, direction, bytes) => machine.countConnectionData(connection, direction, bytes),
    );
  }

  addListener(local: SocketAddress, socket: UdpSocket): void {
    const transport = `udp-${this.#nextListener++}`;
    this.#listeners.set(transport, local);
    this.#udp.set(transport, socket);
    this.handle({ type: 'listener-opened', transport, local });
    const { family } = local;
    socket.onMessage((bytes, address, port) => {
      if (this.#isMute) return;
      const now = this.#clock.now();
      const route = this.#machine.routeFromClient(transport, address, port, bytes, now);
      if (route !== undefined) this.#forward(route);
      else this.handle({ type: 'received', transport, from: { family, address, port }, bytes });
    });
  }

  /** Closes every UDP listener. */
  removeListeners(): void {
    for (const transport of this.#listeners.keys()) {
      this.#udp.get(transport)?.close();
      this.#udp.delete(transport);
      this.handle({ type: 'listener-closed', transport });
    }
    this.#listeners.clear();
  }

  /** Hear nothing that comes by UDP from clients. */
  muteListeners(isMute: boolean): void {
    this.#isMute = isMute;
  }

  addStream(socket: Socket, protocol: 'tcp' | 'tls'): void {
    const local = addressOf(socket.localFamily, socket.localAddress, socket.localPort);
    const remote = addressOf(socket.remoteFamily, socket.remoteAddress, socket.remotePort);
    if (local === undefined || remote === undefined || this.#isClosed) {
      // Gone between the system's accept and ours.
      socket.destroy();
      return;
    }
    const transport = `${protocol}-${this.#nextStream++}`;
    this.#streams.set(transport, socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#streams.delete(transport)) this.handle({ type: 'stream-closed', transport });
    });
    this.handle({ type: 'stream-opened', transport, protocol, local, remote });
    const receive = (bytes: Uint8Array): void => this.handle({ type: 'received', transport, from: remote, bytes });
    this.#receivers.set(socket, receive);
    socket.on('data', receive);
  }

  handle(input: TurnServerInput): void {
    this.#machine.handle(input, this.#clock.now());
    this.#drain();
  }

  /** Resolves when no socket is being bound: what a fault plan needs is there, too. */
  async bound(): Promise<void> {
    while (this.#binding.size > 0) await Promise.all(this.#binding);
  }

  /** Ends every allocation and closes every socket that clients and peers know. */
  close(): void {
    this.handle({ type: 'close' });
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    for (const socket of this.#udp.values()) socket.close();
    this.#udp.clear();
    this.#tcp.closeAll();
  }

  #drain(): void {
    for (let output = this.#machine.poll(); output !== undefined; output = this.#machine.poll()) {
      if (output.kind === 'transmit') this.#send(output.transport, output.to, output.bytes);
      else if (output.kind === 'command') this.#carryOut(output.command);
      else this.#onEvent(output.event);
    }
    this.#schedule();
  }

  #send(transport: TransportId, to: SocketAddress, bytes: Uint8Array): void {
    const udp = this.#udp.get(transport);
    if (udp !== undefined) {
      udp.send(bytes, 0, bytes.length, to.port, to.address);
      return;
    }
    const stream = this.#streams.get(transport);
    // Whoever asks and asks and reads no answer is not kept waiting for.
    if (stream !== undefined && stream.writableLength > MAX_UNREAD_BYTES) stream.destroy();
    else stream?.write(bytes);
  }

  #forward(route: Route): void {
    const udp = this.#udp.get(route.transport);
    if (udp !== undefined) {
      const isKept = udp.send(route.bytes, route.offset, route.length, route.port, route.address);
      if (isKept && route.borrowed) this.#machine.keepBorrowed();
      return;
    }
    const stream = this.#streams.get(route.transport);
    if (stream === undefined || stream.writableLength > MAX_UNREAD_BYTES) return;
    stream.write(route.bytes.slice(route.offset, route.offset + route.length));
  }

  #carryOut(command: TurnServerCommand): void {
    switch (command.type) {
      case 'bind-relay':
        this.#whileBinding(this.#bindRelay(command));
        break;
      case 'close-relay':
        this.#udp.get(command.relay)?.close();
        if (!this.#udp.delete(command.relay)) this.#tcp.close(command.relay);
        break;
      case 'connect-peer':
        this.#tcp.connect(command.connection, command.relay, command.to);
        break;
      case 'close-connection':
        this.#tcp.closeConnection(command.connection);
        break;
      case 'join':
        this.#join(command.stream, command.connection);
        break;
      case 'close-stream':
        this.#closeStream(command.transport);
        break;
    }
  }

  #whileBinding(bound: Promise<void>): void {
    const done = bound.finally(() => this.#binding.delete(done));
    this.#binding.add(done);
  }

  #join(stream: TransportId, connection: TransportId): void {
    const socket = this.#streams.get(stream);
    if (socket === undefined) {
      this.#tcp.closeConnection(connection);
      return;
    }
    this.#streams.delete(stream);
    const receive = this.#receivers.get(socket);
    if (receive !== undefined) socket.off('data', receive);
    if (!this.#tcp.join(connection, socket)) socket.destroy();
  }

  async #bindRelay(command: Extract<TurnServerCommand, { readonly type: 'bind-relay' }>): Promise<void> {
    const { relay, protocol, family, address, port } = command;
    let socket: UdpSocket | undefined;
    try {
      if (protocol === 'udp') socket = await openUdp(family, address, port);
      else await this.#tcp.open(relay, address, port);
    } catch (error) {
      if (!this.#isClosed) this.handle({ type: 'relay-failed', relay, code: codeOf(error) });
      return;
    }
    if (this.#isClosed) {
      socket?.close();
      this.#tcp.close(relay);
      return;
    }
    if (socket !== undefined) this.#receiveAt(relay, family, socket);
    this.handle({ type: 'relay-bound', relay });
  }

  #receiveAt(relay: TransportId, family: Family, socket: UdpSocket): void {
    this.#udp.set(relay, socket);
    socket.onMessage((bytes, from, fromPort) => {
      const route = this.#machine.routeFromPeer(relay, from, fromPort, bytes, this.#clock.now());
      if (route !== undefined) this.#forward(route);
      else this.handle({ type: 'relay-received', relay, from: { family, address: from, port: fromPort }, bytes });
    });
  }

  #closeStream(transport: TransportId): void {
    const socket = this.#streams.get(transport);
    if (socket === undefined) return;
    socket.end();
    // A client that does not read its end is not waited for.
    setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref();
  }

  #schedule(): void {
    const at = this.#machine.deadline?.at ?? Number.POSITIVE_INFINITY;
    if (at === this.#timerAt || this.#isClosed) return;
    this.#timerAt = at;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    if (at === Number.POSITIVE_INFINITY) return;
    const delay = Math.min(Math.max(0, Math.ceil(at - this.#clock.now())), MAX_DELAY_MS);
    this.#timer = setTimeout(() => {
      // Node runs timers before it looks at sockets. Where the process could not run for a while, what was in time lies there
      // already: let it in first, before anything is ended for having been idle.
      this.#immediate = setImmediate(() => {
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.#machine.handleTimeout(this.#clock.now());
        this.#drain();
      });
    }, delay);
  }
}

function addressOf(
  family: string | undefined,
  address: string | undefined,
  port: number | undefined,
): SocketAddress | undefined {
  if (address === undefined || port === undefined) return undefined;
  return { family: family === 'IPv6' ? 6 : 4, address, port };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
