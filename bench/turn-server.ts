// Relaying UDP: this project's TURN server, coturn, node-turn, and a bare Node loop that forwards datagrams and does nothing
// else. The same generator for all, in turns, on the same machine: only the ratios mean something.
//
//   npm run bench -- turn-server                 packets a second, and a CPU second; delay at half the bare loop's load;
//                                                allocations a second; memory of each
//   ICEPROBE_BENCH_ROUNDS=N                      rounds of the first; 0 leaves it out (default: 9)
//   npm run bench -- turn-server --profile       where the time goes: system calls, the system itself, Node, our own code
//   npm run bench -- turn-server allocations     5,000 allocations held, refreshed, released: memory for each
//
// Target: at least 0.8 of the bare loop. Needs Go, coturn, and Debian's golang-github-pion-turn.v2-dev.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureAllocations } from './support/allocations.ts';
import { cpuSeconds } from './support/cpu.ts';
import { buildGo } from './support/go.ts';
import { keepRow, median, times } from './support/rows.ts';
import {
  type Contestant,
  contestantsOf,
  freePort,
  isUp,
  loadArguments,
  type Mode,
  serve,
} from './support/turn-contestants.ts';
import { profileServers } from './support/turn-profile.ts';

const SECONDS = 2;
const ROUNDS = Number(process.env['ICEPROBE_BENCH_ROUNDS'] ?? 9);

interface Outcome {
  readonly packetsPerSecond: number;
  readonly packetsPerCpuSecond: number;
  readonly lost: number;
}

const [role, ...args] = process.argv.slice(2);
if (role === 'serve') await serve(args[0] ?? '', Number(args[1]), Number(args[2]));
else if (role === '--profile') await profileServers(fileURLToPath(import.meta.url));
else if (role === 'allocations') await measureAllocations(Number(args[0] ?? 5000), fileURLToPath(import.meta.url));
else await compare();

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'iceprobe-bench-'));
  try {
    const generator = buildGo('turn-load', folder);
    const contestants = contestantsOf(folder, fileURLToPath(import.meta.url));
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
  for (const mode of ['channel', 'indication'] as const) {
    const own = outcomes.get(`iceprobe, ${mode}`) ?? [];
    for (const [name, all] of outcomes) {
      // Like beside like; the bare loop knows neither.
      if (name.startsWith('iceprobe') || !(name.endsWith(mode) || all === bare)) continue;
      for (const [what, unit] of [
        ['packetsPerSecond', '/s'],
        ['packetsPerCpuSecond', '/CPU s'],
      ] as const) {
        const ratio = median(own.map((each, i) => each[what] / (all[i]?.[what] ?? Number.NaN)));
        const isTarget = all === bare && what === 'packetsPerSecond';
        keepRow({
          what: `turn-server: relaying ${size} bytes, ${mode}`,
          ours: `${median(own.map((each) => each[what])).toFixed(0)} ${unit}`,
          peer: name,
          theirs: `${median(all.map((each) => each[what])).toFixed(0)} ${unit}`,
          ratio: times(ratio),
          ...(isTarget ? { target: { text: 'at least 0.8', met: ratio >= 0.8 } } : {}),
        });
      }
    }
  }
}

/** What a relay adds while it has half as much to do as the bare loop could: three rounds, the best of each. */
async function compareDelays(generator: string, contestants: readonly [Contestant, ...Contestant[]]): Promise<void> {
  const best = new Map<string, { readonly p50: number; readonly p99: number }>();
  const [bare] = contestants;
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
    await isUp(server, mode, port);
    const load = spawn(generator, [...loadArguments(mode, port, peer), '-seconds', String(SECONDS), ...more], {
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
    await isUp(server, 'hold', port);
    const before = residentKb(server.pid ?? 0);
    const load = spawn(generator, [...loadArguments('hold', port, peer), '-count', String(count)], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
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
    await isUp(server, mode, port);
    const load = spawn(generator, [
      ...loadArguments(mode, port, peer),
      '-size',
      String(size),
      '-seconds',
      String(SECONDS),
    ]);
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
