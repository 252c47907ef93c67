import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * A port that is free for UDP and TCP on each of the addresses, with its `count - 1` successors. Taken at random from
 * below the range that the system gives to clients, so that nothing else is likely to take it in the meantime.
 */
export async function freePort(addresses: readonly string[], count = 1): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = 10_000 + Math.floor(Math.random() * (22_000 - count));
    const wanted = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(
      wanted.flatMap((port) => addresses.flatMap((address) => [isUdpFree(address, port), isTcpFree(address, port)])),
    );
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} free ports in a row on ${addresses.join(', ')}`);
}

function isUdpFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', ipv6Only: address.includes(':') });
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind(port, address, () => socket.close(() => resolve(true)));
  });
}

function isTcpFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}
