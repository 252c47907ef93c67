// The servers that relay in `npm run bench -- turn-server`: each is a process of its own, and its child where it is one of ours.
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { locate } from '../../scripts/requirements.mjs';
import { startTurnServer } from '../../src/turn-server/start.ts';

export const USER = 'user';
export const PASSWORD = 'password';

export type Mode = 'channel' | 'indication' | 'bare';

export interface Contestant {
  readonly name: string;
  readonly modes: readonly Mode[];
  start(port: number, peer: number): ChildProcess;
}

/** `script`: the bench, bundled, which `serve`s as a child. */
export function contestantsOf(folder: string, script: string): readonly [Contestant, ...Contestant[]] {
  const here = (name: string) => (port: number, peer: number) =>
    spawn(process.execPath, [script, 'serve', name, String(port), String(peer)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const coturn: Contestant = {
    name: 'coturn',
    modes: ['channel', 'indication'],
    start: (port) => startCoturn(folder, port),
  };
  return [
    { name: 'bare Node loop', modes: ['bare'], start: here('bare') },
    { name: 'iceprobe', modes: ['channel', 'indication'], start: here('iceprobe') },
    { name: 'node-turn', modes: ['indication'], start: here('node-turn') },
    ...(locate('coturn') === undefined ? [] : [coturn]),
  ];
}

/** Until it relays. */
export async function isUp(server: ChildProcess, mode: string, port: number): Promise<void> {
  await (mode === 'bare' ? saysReady(server) : answers(port));
}

/** What drives it, as the generator takes it. */
export function loadArguments(mode: string, port: number, peer: number): string[] {
  const where = ['-server', `127.0.0.1:${port}`, '-peer', String(peer), '-user', USER, '-password', PASSWORD];
  return ['-mode', mode, ...where];
}

function startCoturn(folder: string, port: number): ChildProcess {
  const configuration = join(folder, 'turnserver.conf');
  writeFileSync(
    configuration,
    [
      `listening-port=${port}\nlistening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nlt-cred-mech\nuser=${USER}:${PASSWORD}\nrealm=bench`,
      `allow-loopback-peers\nno-cli\nno-tls\nno-dtls\nlog-file=/dev/null\npidfile=${folder}/pid\nuserdb=${folder}/db\n`,
    ].join('\n'),
  );
  return spawn('turnserver', ['-c', configuration, '--no-stdout-log'], { stdio: 'ignore' });
}

/** What a child process does: one of the servers. */
export async function serve(name: string, port: number, peer: number): Promise<void> {
  if (name === 'iceprobe') await startTurnServer({ port, users: { [USER]: PASSWORD }, transports: ['udp'] });
  else if (name === 'bare') forward(port, peer);
  else {
    // Plain JavaScript of 2017 without types.
    const Turn = createRequire(import.meta.url)('node-turn') as new (options: object) => { start(): void };
    const here = ['127.0.0.1'];
    const credentials = { [USER]: PASSWORD };
    const options = { listeningPort: port, listeningIps: here, relayIps: here, authMech: 'long-term', credentials };
    new Turn({ ...options, realm: 'bench', debugLevel: 'OFF' }).start();
  }
}

/** Two sockets: what comes to one goes out by the other. Names are not resolved here either, or that would be measured. */
function forward(port: number, peer: number): void {
  const open = () => createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
  const [front, back] = [open(), open()];
  let client = 0;
  front.on('message', (bytes, from) => {
    client = from.port;
    back.send(bytes, 0, bytes.length, peer, '127.0.0.1');
  });
  back.on('message', (bytes) => front.send(bytes, 0, bytes.length, client, '127.0.0.1'));
  back.bind(0, '127.0.0.1', () => front.bind(port, '127.0.0.1', () => console.log('ready')));
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

function saysReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    server.stdout?.once('data', () => resolve());
    server.once('exit', () => reject(new Error('the server ended')));
  });
}

/** Waits until the server answers a Binding request. */
async function answers(port: number): Promise<void> {
  const binding = Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  for (let tries = 0; tries < 100; tries++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = createSocket('udp4');
      const end = (how: boolean) => {
        clearTimeout(timer);
        socket.close();
        resolve(how);
      };
      const timer = setTimeout(() => end(false), 100);
      socket.on('message', () => end(true));
      socket.send(binding, port, '127.0.0.1');
    });
    if (isUp) return;
  }
  throw new Error('the server does not answer');
}
