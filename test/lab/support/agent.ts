// The program that runs inside a namespace of the lab and plays the small servers there. One argument: a JSON array of
// services. Prints `ready` once all of them listen; ends when its standard input does.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Service } from './agent-protocol.ts';
import { serveDns } from './dns-server.ts';

const services = JSON.parse(process.argv[2] ?? '[]') as Service[];
await Promise.all(services.map(start));
process.stdout.write('ready\n');
process.stdin.resume().once('end', () => process.exit(0));

async function start(service: Service): Promise<void> {
  switch (service.kind) {
    case 'dns':
      await Promise.all(service.addresses.map((address) => serveDns(address, service.zone)));
      return;
    case 'echo':
      if (service.protocol === 'udp') return answerDatagrams(service, (datagram) => datagram);
      return answerConnections(service, (socket) => socket.pipe(socket));
    case 'banner': {
      const text = Buffer.from(service.text);
      if (service.protocol === 'udp') return answerDatagrams(service, () => text);
      return answerConnections(service, (socket) => socket.write(text));
    }
    case 'answer':
      return answerConnections(service, (socket) => socket.once('data', () => socket.end(service.text)));
    case 'mute':
      return answerConnections(service, (socket) => socket.resume());
    case 'reset':
      return answerConnections(service, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  }
}

interface Place {
  readonly address: string;
  readonly port: number;
}

async function answerDatagrams({ address, port }: Place, answer: (datagram: Buffer) => Buffer): Promise<void> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (datagram, from) => socket.send(answer(datagram), from.port, from.address));
  socket.bind(port, address);
  await once(socket, 'listening');
}

async function answerConnections({ address, port }: Place, handle: (socket: Socket) => unknown): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // clients of a diagnostics tool hang up as they like
    handle(socket);
  });
  server.listen(port, address);
  await once(server, 'listening');
}
