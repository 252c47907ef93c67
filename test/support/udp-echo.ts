import { createSocket, type Socket } from 'node:dgram';
import { freePort } from './ports.ts';

/** A peer that sends back whatever it gets. */
export interface UdpEcho extends AsyncDisposable {
  readonly address: string;
  /** The first of its ports; the others follow it. */
  readonly port: number;
  readonly received: number;
}

/** `ports`: how many in a row; 2 for a peer with RTP and RTCP. */
export async function startUdpEcho(address = '127.0.0.1', ports = 1): Promise<UdpEcho> {
  const first = await freePort([address], ports);
  const sockets: Socket[] = [];
  let received = 0;
  for (let i = 0; i < ports; i++) {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (bytes, from) => {
      received++;
      socket.send(bytes, from.port, from.address);
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(first + i, address, resolve);
    });
    sockets.push(socket);
  }
  return {
    address,
    port: first,
    get received() {
      return received;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
    },
  };
}
