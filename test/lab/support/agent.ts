// The program that runs inside a namespace of the lab and plays the small servers there. One argument: a JSON array of
// services. Prints `ready` once all of them listen; ends when its standard input does.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Service } from './agent-protocol.ts';
import { serveDns } from './dns-server.ts';
import { serveGateway } from './gateway-server.ts';
import { serveRedis } from './redis-server.ts';

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
    case 'proxy':
      return answerConnections(service, connectTo);
    case 'answer-from-elsewhere':
      return answerFromElsewhere(service);
    case 'balancer':
      return answerConnections(service, (socket) => balance(socket, service));
    case 'one-for-all':
      return passFromOnePort(service);
    case 'redis':
      return answerConnections(service, (socket) => serveRedis(socket, service));
    case 'gateway':
      return serveGateway(service);
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

function connectTo(socket: Socket): void {
  socket.once('data', (request) => {
    const target = /^CONNECT (\S+):(\d+) HTTP\/1\.[01]\r\n/.exec(request.toString('latin1'));
    if (target === null) {
      socket.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const [, host = '', port = ''] = target;
    const onward = connect(Number(port), host.replace(/^\[|\]$/g, ''), () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
}

function balance(socket: Socket, { target, idleMs }: Extract<Service, { kind: 'balancer' }>): void {
  const onward = connect(target.port, target.address);
  const end = (): void => {
    socket.resetAndDestroy();
    onward.destroy();
  };
  onward.on('error', end);
  socket.setTimeout(idleMs, end);
  socket.on('close', () => onward.destroy());
  socket.pipe(onward).pipe(socket);
}

/** As a load balancer or a multi-homed server does it; each client has one socket towards the target. */
async function answerFromElsewhere(service: Extract<Service, { kind: 'answer-from-elsewhere' }>): Promise<void> {
  const front = createSocket('udp4');
  const back = createSocket('udp4');
  const onward = new Map<string, ReturnType<typeof createSocket>>();
  front.on('message', (datagram, { address, port }) => {
    const key = `${address}:${port}`;
    let socket = onward.get(key);
    if (socket === undefined) {
      socket = createSocket('udp4').on('message', (answer) => back.send(answer, port, address));
      onward.set(key, socket);
    }
    socket.send(datagram, service.target.port, service.target.address);
  });
  front.bind(service.port, service.address);
  back.bind(service.from, service.address);
  await Promise.all([once(front, 'listening'), once(back, 'listening')]);
}

/** Answers find their way by the transaction id that they share with the request. */
async function passFromOnePort(service: Extract<Service, { kind: 'one-for-all' }>): Promise<void> {
  const front = createSocket('udp4');
  const back = createSocket('udp4');
  const askers = new Map<string, Place>();
  const idOf = (datagram: Buffer): string => datagram.toString('hex', 8, 20);
  front.on('message', (datagram, from) => {
    askers.set(idOf(datagram), from);
    back.send(datagram, service.target.port, service.target.address);
  });
  back.on('message', (datagram) => {
    const asker = askers.get(idOf(datagram));
    if (asker !== undefined) front.send(datagram, asker.port, asker.address);
  });
  front.bind(service.port, service.address);
  back.bind(0, service.address);
  await Promise.all([once(front, 'listening'), once(back, 'listening')]);
}
