import { createServer, type Socket } from 'node:net';
import type { SocketAddress } from '../core/address.ts';

/** A connection that somebody made to us. */
export interface AcceptedConnection {
  onData: (bytes: Uint8Array) => void;
  send(bytes: Uint8Array): void;
}

export interface TcpListener {
  readonly local: SocketAddress;
  /** The first connection that comes; never rejects, and stays open until the listener is closed. */
  readonly accepted: Promise<AcceptedConnection>;
  close(): void;
}

/** Listens on a free port of one of our addresses; undefined where the system refuses. */
export function listenTcp(at: Pick<SocketAddress, 'family' | 'address'>): Promise<TcpListener | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    const sockets = new Set<Socket>();
    let accept: (connection: AcceptedConnection) => void = () => {};
    const accepted = new Promise<AcceptedConnection>((first) => {
      accept = first;
    });
    server.on('connection', (socket) => {
      sockets.add(socket);
      // Whoever connected may go as he likes.
      socket.on('error', () => socket.destroy());
      const connection: AcceptedConnection = { onData: () => {}, send: (bytes) => void socket.write(bytes) };
      socket.on('data', (chunk) => connection.onData(chunk));
      accept(connection);
    });
    server.on('error', () => resolve(undefined));
    server.listen({ host: at.address, port: 0, exclusive: true }, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      resolve({
        local: { ...at, port },
        accepted,
        close: () => {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
}
