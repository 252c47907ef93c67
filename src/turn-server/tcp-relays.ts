import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import type { SocketAddress } from '../core/address.ts';
import type { TransportId } from '../core/machine.ts';
import type { TurnServerInput } from '../core/turn/server/io.ts';

interface Relay {
  readonly address: string;
  readonly port: number;
  server: Server | undefined;
}

interface Connection {
  readonly socket: Socket;
  /** The client's half, once joined. */
  client: Socket | undefined;
}

/** The sockets of TCP allocations (RFC 6062): relayed addresses that peers connect to, and are connected to from. */
export class TcpRelays {
  readonly #handle: (input: TurnServerInput) => void;
  readonly #count: (connection: TransportId, direction: 'to-peer' | 'to-client', bytes: number) => void;
  readonly #relays = new Map<TransportId, Relay>();
  readonly #connections = new Map<TransportId, Connection>();
  #nextAccepted = 1;

  constructor(
    handle: (input: TurnServerInput) => void,
    count: (connection: TransportId, direction: 'to-peer' | 'to-client', bytes: number) => void,
  ) {
    this.#handle = handle;
    this.#count = count;
  }

  /** @throws the system's error */
  async open(id: TransportId, address: string, port: number): Promise<void> {
    const relay: Relay = { address, port, server: undefined };
    relay.server = await this.#listen(id, relay);
    this.#relays.set(id, relay);
  }

  /** False where it is none of these. */
  close(id: TransportId): boolean {
    this.#relays.get(id)?.server?.close();
    return this.#relays.delete(id);
  }

  /**
   * From the relayed address itself (RFC 6062 5.2). No socket can be bound to a port that another listens on, so the listener
   * steps aside for the moment that takes.
   */
  connect(id: TransportId, relayId: TransportId, to: SocketAddress): void {
    const relay = this.#relays.get(relayId);
    if (relay === undefined) {
      this.#handle({ type: 'connection-closed', connection: id, why: 'the relayed address is gone' });
      return;
    }
    relay.server?.close();
    relay.server = undefined;
    const from = { localAddress: relay.address, localPort: relay.port };
    const socket = connectTcp({ host: to.address, port: to.port, ...from, noDelay: true });
    this.#connections.set(id, { socket, client: undefined });
    socket.once('connect', () => this.#handle({ type: 'connection-opened', connection: id }));
    this.#watch(id, socket);
    // The socket is bound in the next tick; this one comes after it.
    process.nextTick(() => void this.#listenAgain(relayId, relay));
  }

  /** Also the client's half. */
  closeConnection(id: TransportId): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    connection.socket.destroy();
    connection.client?.destroy();
  }

  /** False where the connection is gone already. */
  join(id: TransportId, client: Socket): boolean {
    const connection = this.#connections.get(id);
    if (connection === undefined) return false;
    const { socket } = connection;
    connection.client = client;
    client.on('data', (bytes) => this.#count(id, 'to-peer', bytes.length));
    socket.on('data', (bytes) => this.#count(id, 'to-client', bytes.length));
    // A pipe ends its other end when it ends, and waits for a slow one (RFC 6062 5.5: one closed, both closed).
    client.pipe(socket);
    socket.pipe(client);
    client.on('error', () => socket.destroy());
    client.once('close', () => socket.destroySoon());
    socket.once('close', () => client.destroySoon());
    return true;
  }

  closeAll(): void {
    for (const id of [...this.#relays.keys()]) this.close(id);
    for (const id of [...this.#connections.keys()]) this.closeConnection(id);
  }

  async #listenAgain(id: TransportId, relay: Relay): Promise<void> {
    if (!this.#relays.has(id)) return;
    try {
      const server = await this.#listen(id, relay);
      if (this.#relays.has(id)) relay.server = server;
      else server.close();
    } catch {
      // Somebody took the port in that moment: peers cannot connect any more, all else goes on.
    }
  }

  #listen(id: TransportId, { address, port }: Relay): Promise<Server> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(id, socket));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port, exclusive: true, ipv6Only: true }, () => {
        server.off('error', reject);
        server.on('error', () => {});
        resolve(server);
      });
    });
  }

  #accept(relay: TransportId, socket: Socket): void {
    const { remoteAddress, remotePort, remoteFamily } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    const connection = `accepted-${this.#nextAccepted++}`;
    this.#connections.set(connection, { socket, client: undefined });
    this.#watch(connection, socket);
    const from: SocketAddress = { family: remoteFamily === 'IPv6' ? 6 : 4, address: remoteAddress, port: remotePort };
    this.#handle({ type: 'connection-accepted', connection, relay, from });
  }

  #watch(id: TransportId, socket: Socket): void {
    let why = 'the peer closed the connection';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.message;
    });
    socket.once('close', () => {
      if (this.#connections.delete(id)) this.#handle({ type: 'connection-closed', connection: id, why });
    });
  }
}
