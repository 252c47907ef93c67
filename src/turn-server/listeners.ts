import type { Server } from 'node:net';
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
  readonly udp: readonly UdpListener[];
  readonly servers: readonly Server[];
}

export interface UdpListener {
  readonly address: string;
  readonly socket: UdpSocket;
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

export async function closeListeners(listeners: Listeners): Promise<void> {
  for (const { socket } of listeners.udp) socket.close();
  await Promise.all(listeners.servers.map(closeServer));
}

/** Resolves once its connections are over, too. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

async function openOn(plan: ListenerPlan, wantedPort: number): Promise<Listeners> {
  const udp: UdpListener[] = [];
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
