// Relaying UDP: this project's TURN server, coturn, node-turn, and a bare Node loop that forwards datagrams and does nothing
// else. The same generator for all, in turns, on the same machine: only the ratios mean something.
//
//   npm run bench -- turn-server                 packets a second, and a CPU second; delay at half the bare loop's load;
//                                                allocations a second; memory of each
//   ICEPROBE_BENCH_ROUNDS=N                      rounds of the first; 0 leaves it out (default: 9)
//   npm run bench -- turn-server allocations     5,000 allocations held, refreshed, released: memory for each
//
// Target: at least 0.8 of the bare loop. Needs Go, coturn, and Debian's golang-github-pion-turn.v2-dev.
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTurnServer } from '../src/turn-server/start.ts';
import { measureAllocations } from './support/allocations.ts';
import { buildGo } from './support/go.ts';
import { keepRow, median, times } from './support/rows.ts';

const USER = 'user';
const PASSWORD = 'password';
const SECONDS = 2;
const ROUNDS = Number(process.env['ICEPROBE_BENCH_ROUNDS'] ?? 9);

type Mode = 'channel' | 'indication' | 'bare';

interface Contestant {
  readonly name: string;
  readonly modes: readonly Mode[];
  start(port: number, peer: number): ChildProcess;
}

interface Outcome {
  readonly packetsPerSecond: number;
  readonly packetsPerCpuSecond: number;
  readonly lost: number;
}

const [role, ...args] = process.argv.slice(2);
if (role === 'serve') await serve(args[0] ?? '', Number(args[1]), Number(args[2]));
else if (role === 'allocations') await measureAllocations(Number(args[0] ?? 5000), fileURLToPath(import.meta.url));
else await compare();

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'iceprobe-bench-'));
  try {
    const generator = buildGo('turn-load', folder);
    const contestants: readonly Contestant[] = [
      { name: 'bare Node loop', modes: ['bare'], start: (port, peer) => serveHere('bare', port, peer) },
      { name: 'iceprobe', modes: ['channel', 'indication'], start: (port, peer) => serveHere('iceprobe', port, peer) },
      { name: 'node-turn', modes: ['indication'], start: (port, peer) => serveHere('node-turn', port, peer) },
      { name: 'coturn', modes: ['channel', 'indication'], start: (port) => startCoturn(folder, port) },
    ];
    for (const size of ROUNDS > 0 ? [172, 1200] : []) {
      const outcomes = new Map<string, Outcome[]>();
      for (let round = 0; round < ROUNDS; round++) {
        for (const contestant of contestants) {
          for (const mode of contestant.modes) {
            const key = mode === 'bare' ? contestant.name : `${contestant.name}, ${mode}`;
            const outcome = await measure(generator, contestant, mode, size);
            outcomes.set(key, [...(outcomes.get(key) ?? []), outcome]);
          }
        }
      }
      report(size, outcomes);
    }
    await compareDelays(generator, contestants);
    await compareAllocations(generator, contestants);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Medians; how they compare with the bare loop is the median of what it was in each round, for a busy moment of the machine
 * hits all that are measured in it. A round trip is two packets relayed.
 */
function report(size: number, outcomes: ReadonlyMap<string, readonly Outcome[]>): void {
  const [bare = []] = outcomes.values();
  console.log(`\n${size} bytes of payload, median of ${ROUNDS} rounds of ${SECONDS} s`);
  console.log('                              relayed/s   of bare   per CPU s   of bare   lost');
  for (const [name, all] of outcomes) {
    const of = (what: keyof Outcome): number => median(all.map((each) => each[what]));
    const ratio = (what: keyof Outcome): number => median(all.map((each, i) => each[what] / (bare[i]?.[what] ?? 1)));
    const columns = [
      of('packetsPerSecond').toFixed(0).padStart(9),
      ratio('packetsPerSecond').toFixed(2).padStart(9),
      of('packetsPerCpuSecond').toFixed(0).padStart(11),
      ratio('packetsPerCpuSecond').toFixed(2).padStart(9),
      `${(100 * of('lost')).toFixed(2)} %`.padStart(8),
    ];
    console.log(`  ${name.padEnd(28)}${columns.join(' ')}`);
  }
  const own = outcomes.get('iceprobe, channel') ?? [];
  for (const [name, all] of outcomes) {
    if (name.startsWith('iceprobe')) continue;
    for (const [what, unit] of [
      ['packetsPerSecond', '/s'],
      ['packetsPerCpuSecond', '/CPU s'],
    ] as const) {
      const ratio = median(own.map((each, i) => each[what] / (all[i]?.[what] ?? Number.NaN)));
      const isTarget = name === 'bare Node loop' && what === 'packetsPerSecond';
      keepRow({
        what: `turn-server: relaying ${size} bytes`,
        ours: `${median(own.map((each) => each[what])).toFixed(0)} ${unit}`,
        peer: name,
        theirs: `${median(all.map((each) => each[what])).toFixed(0)} ${unit}`,
        ratio: times(ratio),
        ...(isTarget ? { target: { text: 'at least 0.8', met: ratio >= 0.8 } } : {}),
      });
    }
  }
}

/** What a relay adds while it has half as much to do as the bare loop could: three rounds, the best of each. */
async function compareDelays(generator: string, contestants: readonly Contestant[]): Promise<void> {
  const best = new Map<string, { readonly p50: number; readonly p99: number }>();
  const [bare] = contestants;
  if (bare === undefined) return;
  const full = await measure(generator, bare, 'bare', 172);
  const rate = Math.round(full.packetsPerSecond / 2 / 2);
  for (let round = 0; round < 3; round++) {
    for (const contestant of contestants) {
      const mode = contestant.modes[0] ?? 'channel';
      const took = await withServer(generator, contestant, mode, ['-size', '172', '-rate', String(rate)]);
      const { p50 = 0, p99 = 0 } = took;
      const known = best.get(contestant.name);
      if (known === undefined || p99 < known.p99) best.set(contestant.name, { p50, p99 });
    }
  }
  console.log(`\nround trip through the relay at ${rate} datagrams a second, half of the bare loop's load; best of 3`);
  const own = best.get('iceprobe');
  for (const [name, { p50, p99 }] of best) {
    console.log(`  ${name.padEnd(28)}p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms`);
    if (own === undefined || name === 'iceprobe') continue;
    const ours = `p50 ${own.p50.toFixed(2)}, p99 ${own.p99.toFixed(2)} ms`;
    const theirs = `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)} ms`;
    keepRow({ what: 'turn-server: delay at half load', ours, peer: name, theirs, ratio: times(p50 / own.p50) });
  }
}

/** Allocated and given back by 16 clients, and 1,000 held. */
async function compareAllocations(generator: string, contestants: readonly Contestant[]): Promise<void> {
  const found = new Map<string, { readonly perSecond: number; readonly kbEach: number }>();
  for (const contestant of contestants.filter(({ modes }) => !modes.includes('bare'))) {
    // node-turn answers a Refresh with lifetime 0 whatever was asked for: that is a release, too.
    const churned = await withServer(generator, contestant, 'allocations', []);
    const perSecond = (churned.allocations ?? 0) / (churned.seconds ?? 1);
    found.set(contestant.name, { perSecond, kbEach: await memoryOfEach(generator, contestant, 1000) });
  }
  console.log('\nallocations a second (challenge, allocation, release), and resident memory of each of 1,000');
  const own = found.get('iceprobe');
  for (const [name, { perSecond, kbEach }] of found) {
    console.log(`  ${name.padEnd(28)}${perSecond.toFixed(0).padStart(6)} /s   ${kbEach.toFixed(1)} kB`);
    // A server that refuses one of sixteen at a time ends the load: there is nothing to compare with.
    if (own === undefined || name === 'iceprobe' || perSecond === 0) continue;
    const what = 'turn-server: ';
    const rates = { ours: `${own.perSecond.toFixed(0)} /s`, peer: name, theirs: `${perSecond.toFixed(0)} /s` };
    keepRow({ what: `${what}allocations`, ...rates, ratio: times(own.perSecond / perSecond) });
    const memory = { ours: `${own.kbEach.toFixed(1)} kB`, peer: name, theirs: `${kbEach.toFixed(1)} kB` };
    keepRow({ what: `${what}memory of an allocation`, ...memory, ratio: times(kbEach / own.kbEach) });
  }
}

type Told = Partial<Record<'p50' | 'p99' | 'allocations' | 'seconds', number>>;

async function withServer(
  generator: string,
  contestant: Contestant,
  mode: string,
  more: readonly string[],
): Promise<Told> {
  const [port, peer] = [await freePort(), await freePort()];
  const server = contestant.start(port, peer);
  try {
    await (mode === 'bare' ? saysReady(server) : answers(port));
    const where = ['-server', `127.0.0.1:${port}`, '-peer', String(peer), '-user', USER, '-password', PASSWORD];
    const load = spawn(generator, ['-mode', mode, ...where, '-seconds', String(SECONDS), ...more], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    load.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await new Promise((resolve) => load.once('close', resolve));
    return output === '' ? {} : (JSON.parse(output) as Told);
  } finally {
    server.kill('SIGKILL');
  }
}

async function memoryOfEach(generator: string, contestant: Contestant, count: number): Promise<number> {
  const [port, peer] = [await freePort(), await freePort()];
  const server = contestant.start(port, peer);
  try {
    await answers(port);
    const before = residentKb(server.pid ?? 0);
    const where = ['-server', `127.0.0.1:${port}`, '-user', USER, '-password', PASSWORD, '-count', String(count)];
    const load = spawn(generator, ['-mode', 'hold', ...where], { stdio: ['pipe', 'pipe', 'ignore'] });
    await new Promise((resolve) => {
      load.stdout.once('data', resolve);
      load.once('close', resolve);
    });
    const each = (residentKb(server.pid ?? 0) - before) / count;
    load.stdin.end();
    return each;
  } finally {
    server.kill('SIGKILL');
  }
}

function residentKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

async function measure(generator: string, contestant: Contestant, mode: Mode, size: number): Promise<Outcome> {
  const [port, peer] = [await freePort(), await freePort()];
  const server = contestant.start(port, peer);
  try {
    await (mode === 'bare' ? saysReady(server) : answers(port));
    const where = ['-server', `127.0.0.1:${port}`, '-peer', String(peer), '-user', USER, '-password', PASSWORD];
    const load = spawn(generator, ['-mode', mode, ...where, '-size', String(size), '-seconds', String(SECONDS)]);
    let output = '';
    let before = 0;
    load.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    load.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (text.startsWith('started')) before = cpuSeconds(server.pid ?? 0);
      else process.stderr.write(`${contestant.name}: ${text}`);
    });
    await new Promise((resolve) => load.once('close', resolve));
    const cpu = cpuSeconds(server.pid ?? 0) - before;
    const { roundTrips, sent, seconds } = JSON.parse(output) as Record<'roundTrips' | 'sent' | 'seconds', number>;
    const relayed = 2 * roundTrips;
    return {
      packetsPerSecond: relayed / seconds,
      packetsPerCpuSecond: relayed / cpu,
      lost: Math.max(0, 1 - roundTrips / sent),
    };
  } finally {
    server.kill('SIGKILL');
  }
}

/** User and system time of a process (Linux), in ticks of 10 ms. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function serveHere(name: string, port: number, peer: number): ChildProcess {
  const script = fileURLToPath(import.meta.url);
  return spawn(process.execPath, [script, 'serve', name, String(port), String(peer)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
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
async function serve(name: string, port: number, peer: number): Promise<void> {
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

function freePort(): Promise<number> {
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
