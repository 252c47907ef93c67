import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { familyOf } from '../core/address.ts';
import { openUdp, type UdpSocket } from './udp-socket.ts';

/** Ports tried where any will do: one must be free for UDP and TCP on every address. */
const MAX_TRIES = 50;

export interface ListenerPlan {
  /** Each is bound by itself: a socket on the wildcard address may answer from another address than it was asked at. */
  readonly addresses: readonly string[];
  /** 0: a free one, the same for UDP and TCP on every address. */
  readonly port: number;
  readonly udp: boolean;
  /** Makes the server for connections; absent: none. */
  readonly stream: (() => Server) | undefined;
}

export interface Listeners {
  readonly port: number;
  readonly udp: readonly { readonly address: string; readonly socket: UdpSocket }[];
  readonly servers: readonly Server[];
}

/**
 * Opens all or none.
 * @throws the system's error where a given port cannot be had
 */
export async function openListeners(plan: ListenerPlan): Promise<Listeners> {
  for (let tries = 1; ; tries++) {
    try {
      return await openOn(plan, plan.port);
    } catch (error) {
      if (plan.port !== 0 || tries === MAX_TRIES || !isTaken(error)) throw error;
    }
  }
}

export function closeListeners(listeners: Listeners): Promise<void> {
  for (const { socket } of listeners.udp) socket.close();
  return closeServers(listeners.servers);
}

export async function closeServers(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
}

/** A TCP server whose connections go to `accept`. */
export function tcpServer(accept: (socket: Socket) => void): Server {
  return createServer({ noDelay: true }, accept);
}

/** How long a client may take for its TLS handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * A TLS server whose connections, once they are secure, go to `accept`.
 * @throws OpenSSL's error for a certificate or key that is none
 */
export function tlsServer(cert: string, key: string, accept: (socket: Socket) => void): Server {
  const handshaking = new Set<Socket>();
  const server = createTlsServer({ cert, key, noDelay: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, (secure) => {
    for (const raw of handshaking) if (raw.remotePort === secure.remotePort) handshaking.delete(raw);
    accept(secure);
  });
  server.on('connection', (raw: Socket) => {
    handshaking.add(raw);
    raw.once('close', () => handshaking.delete(raw));
  });
  // A failed handshake is the client's to tell of.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  // Whoever is in the middle of one when the server closes is not waited for.
  const close = server.close.bind(server);
  server.close = (callback) => {
    for (const raw of handshaking) raw.destroy();
    return close(callback);
  };
  return server;
}

async function openOn(plan: ListenerPlan, wantedPort: number): Promise<Listeners> {
  const udp: { address: string; socket: UdpSocket }[] = [];
  const servers: Server[] = [];
  let port = wantedPort;
  try {
    for (const address of plan.addresses) {
      if (plan.udp) {
        const socket = await openUdp(familyOf(address) ?? 4, address, port);
        udp.push({ address, socket });
        port = socket.port;
      }
      if (plan.stream !== undefined) {
        const server = plan.stream();
        port = await listen(server, address, port);
        servers.push(server);
      }
    }
    return { port, udp, servers };
  } catch (error) {
    await closeListeners({ port, udp, servers });
    throw error;
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true, ipv6Only: true }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
