import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { SocketAddress } from '../../src/core/address.ts';
import { freePort } from './ports.ts';

export interface TestServer extends AsyncDisposable {
  readonly address: SocketAddress;
}

/** A UDP socket on a free port of 127.0.0.1 that hands each datagram to `answer`. */
export async function udpServer(
  answer: (message: Buffer, from: SocketAddress, socket: UdpSocket) => void,
): Promise<TestServer> {
  const socket = createSocket('udp4');
  socket.on('message', (message, { address, port }) => answer(message, { family: 4, address, port }, socket));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: { family: 4, address: '127.0.0.1', port: socket.address().port },
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** A TCP server on a free port of 127.0.0.1. */
export function tcpServer(accept: (socket: Socket) => void): Promise<TestServer> {
  return streamServer(createServer(), 'connection', accept);
}

/** A TLS server on a free port of 127.0.0.1; `accept` gets the decrypted stream. */
export function tlsServer(options: TlsOptions, accept: (socket: Socket) => void): Promise<TestServer> {
  return streamServer(createTlsServer(options), 'secureConnection', accept);
}

async function streamServer(
  server: ReturnType<typeof createServer>,
  event: 'connection' | 'secureConnection',
  accept: (socket: Socket) => void,
): Promise<TestServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on(event, (socket: Socket) => {
    socket.on('error', () => {});
    accept(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: { family: 4, address: '127.0.0.1', port },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** An address of 127.0.0.1 whose port nobody listens on, for UDP and TCP. */
export async function closedPort(): Promise<SocketAddress> {
  return { family: 4, address: '127.0.0.1', port: await freePort(['127.0.0.1']) };
}
