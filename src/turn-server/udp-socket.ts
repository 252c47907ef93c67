import { createSocket, type Socket } from 'node:dgram';
import type { Family } from '../core/address.ts';

/** Datagrams that wait for the system before further ones are dropped, as a router does. */
const MAX_QUEUED = 512;

/** One bound UDP socket that sends without making copies where it can. */
export class UdpSocket {
  readonly #socket: Socket;
  #isCongested = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /**
   * Hands a datagram to the system. True where the bytes are still needed after the call: the system's buffer is full, and
   * libuv keeps a reference to them until it is not.
   */
  send(bytes: Uint8Array, offset: number, length: number, port: number, address: string): boolean {
    if (this.#isCongested) {
      const queued = this.#socket.getSendQueueCount();
      if (queued > MAX_QUEUED) return false;
      if (queued > 0) {
        this.#socket.send(bytes.slice(offset, offset + length), port, address);
        return false;
      }
      this.#isCongested = false;
    }
    this.#socket.send(bytes, offset, length, port, address);
    this.#isCongested = this.#socket.getSendQueueCount() > 0;
    return this.#isCongested;
  }

  onMessage(receive: (bytes: Uint8Array, address: string, port: number) => void): void {
    this.#socket.on('message', (bytes, { address, port }) => receive(bytes, address, port));
  }

  close(): void {
    this.#socket.close();
  }
}

/** As much as the system grants: while the event loop is busy, what does not fit is lost. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

function widen(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  } catch {
    // Linux grants what it allows, others refuse what is too much: then it stays as it was.
  }
}

/**
 * Binds exactly this address and port.
 * @throws the system's error (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, ...)
 */
export function openUdp(family: Family, address: string, port: number): Promise<UdpSocket> {
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    ipv6Only: family === 6,
    // Only address literals are ever sent to: resolving them at once saves a turn of the event loop for each datagram.
    lookup: (host, _options, callback) => callback(null, host, family),
  });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      widen(socket);
      // A datagram that cannot be sent (no route, too long, refused by a firewall) is a lost datagram, no more.
      socket.on('error', () => {});
      resolve(new UdpSocket(socket));
    });
  });
}
