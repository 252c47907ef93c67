// How the work grows with its input, and what a large report costs to render. Each doubled from step to step; what is shown is
// the exponent over the last two doublings: 1 is linear, 2 is the square. Time is the processor's, the best of half a second.
//
// Target: at most 1.3 everywhere.

import { RENDERERS } from '../src/cli/output/formats.ts';
import { seededRandom } from '../src/core/random.ts';
import { RequestedTransport } from '../src/core/stun/attributes.ts';
import { Method } from '../src/core/stun/registry.ts';
import { encodeChannelData } from '../src/core/turn/channel-data.ts';
import { DEFAULT_QUOTAS } from '../src/core/turn/server/settings.ts';
import { makeReport } from '../src/diagnosis/make-report.ts';
import { readSavedRun } from '../src/diagnosis/saved-run.ts';
import { EventLog } from '../src/record/event-log.ts';
import { PLAIN } from '../src/report/style.ts';
import { runInFakeWorld } from '../test/support/context.ts';
import { Run, turnServer } from '../test/support/events.ts';
import { SimulatedClient, SimulatedTurn } from '../test/support/simulated-turn.ts';
import { World } from '../test/unit/ice/world.ts';
import { keepRow } from './support/rows.ts';

const MOST = 1.3;

interface Growth {
  readonly what: string;
  readonly sizes: readonly number[];
  /** Makes the input, and returns the work alone. */
  prepare(size: number): () => unknown;
}

const url = (n: number): string => `turn:turn${n}.example.org`;

const GROWTHS: readonly Growth[] = [
  {
    what: 'URLs, linted',
    sizes: [100, 200, 400, 800],
    prepare(size) {
      const servers = Array.from({ length: size }, (_, n) => ({ urls: url(n), username: 'a', credential: 'b' }));
      const stdin = JSON.stringify({ iceServers: servers });
      return () => runInFakeWorld(['lint', '-c', '-', '-f', 'json'], { stdin });
    },
  },
  {
    what: 'URLs, gathered (in virtual time)',
    sizes: [8, 16, 32, 64],
    prepare(size) {
      return () => {
        const world = new World({ urls: Array.from({ length: size }, (_, n) => `turn:198.51.100.${n + 1}`) });
        for (let n = 0; n < size; n++) world.server(`198.51.100.${n + 1}:3478`);
        return world.run();
      };
    },
  },
  {
    what: 'interfaces, gathered (in virtual time)',
    sizes: [8, 16, 32, 64],
    prepare(size) {
      const locals = Array.from(
        { length: size },
        (_, n) => ({ interface: `eth${n}`, family: 4, address: `192.0.2.${n + 1}` }) as const,
      );
      return () => {
        const world = new World({ urls: ['stun:198.51.100.1', 'turn:198.51.100.1'], locals });
        world.server('198.51.100.1:3478');
        return world.run();
      };
    },
  },
  {
    what: 'candidates, diagnosed',
    sizes: [250, 500, 1000, 2000],
    prepare(size) {
      const run = candidates(size);
      return () => makeReport(run.events);
    },
  },
  {
    what: 'events, folded and diagnosed',
    sizes: [5000, 10_000, 20_000, 40_000],
    prepare(size) {
      const run = events(size);
      return () => {
        const log = new EventLog();
        for (const event of run.events) log.add(event);
        return makeReport(log);
      };
    },
  },
  {
    what: 'events, read from NDJSON by the schema',
    sizes: [2500, 5000, 10_000, 20_000],
    prepare(size) {
      const text = events(size)
        .events.map((event) => `${JSON.stringify(event)}\n`)
        .join('');
      return () => readSavedRun(text);
    },
  },
  {
    what: 'allocations held, 10,000 packets relayed among them',
    sizes: [250, 500, 1000, 2000],
    prepare(size) {
      const { world, clients } = allocations(size);
      const random = seededRandom(1);
      const data = encodeChannelData(0x4000, random.bytes(172), { padded: false });
      return () => {
        for (let n = 0; n < 10_000; n++) {
          const client = clients[n % clients.length];
          if (client !== undefined) world.receive('udp4', client.address, data);
          if (n % 1000 === 0) world.takeSent();
        }
        return world.takeEvents();
      };
    },
  },
  {
    what: 'allocations, made',
    sizes: [250, 500, 1000, 2000],
    prepare: (size) => () => allocations(size),
  },
];

function candidates(size: number): Run {
  const run = new Run({ servers: [turnServer(url(0))] }).interface('eth0', '192.168.1.23').gathering();
  for (let n = 0; n < size; n++) run.at(n / 10).candidate('host', `10.${(n >> 8) & 0xff}.${n & 0xff}.7:${1024 + n}`);
  return run.at(size).complete();
}

function events(size: number): Run {
  const run = new Run({ servers: [turnServer(url(0))] }).interface('eth0', '192.168.1.23').gathering();
  run.at(2).candidate('host', '192.168.1.23:51022');
  run.at(20).attempt(url(0)).pass('resolve').allocated();
  for (let n = run.events.length; n < size; n++) run.record({ type: 'note', text: `remark ${n}` });
  return run.at(900).complete();
}

function allocations(size: number): { readonly world: SimulatedTurn; readonly clients: readonly SimulatedClient[] } {
  const world = new SimulatedTurn({ quotas: { ...DEFAULT_QUOTAS, allocations: size, allocationsPerUser: size } });
  const clients = Array.from({ length: size }, (_, n) => {
    const client = new SimulatedClient(world, `192.0.2.${n & 0xff}:${1024 + n}`);
    client.challenge();
    client.request(Method.Allocate, (b) => b.add(RequestedTransport, 17));
    world.takeSent();
    return client;
  });
  world.takeEvents();
  return { world, clients };
}

async function best(work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  // Of many where they are short: a few of them are mostly what the compiler and the garbage collector happen to do.
  const endAt = performance.now() + 500;
  for (let round = 0; round < 5 || performance.now() < endAt; round++) {
    const start = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

console.log(`node ${process.version}; milliseconds of the processor\n`);
for (const { what, sizes, prepare } of GROWTHS) {
  const taken: number[] = [];
  for (const size of sizes) taken.push(await best(prepare(size)));
  const [before = Number.NaN, last = Number.NaN] = [taken.at(-3), taken.at(-1)];
  const exponent = Math.log2(last / before) / 2;
  const steps = sizes.map((size, index) => `${size}: ${taken[index]?.toFixed(1)}`).join('   ');
  console.log(`  ${what.padEnd(52)} n^${exponent.toFixed(2)}   ${steps}`);
  keepRow({
    what: `growth: ${what}`,
    ours: `${last.toFixed(0)} ms for ${sizes.at(-1)}`,
    peer: 'itself',
    theirs: `${before.toFixed(0)} ms for ${sizes.at(-3)}`,
    ratio: `n^${exponent.toFixed(2)}`,
    target: { text: `at most n^${MOST}`, met: exponent <= MOST },
  });
}

const large = makeReport(events(20_000).events, { withEvents: true });
const plain = await best(() => JSON.stringify(large));
console.log('\nrendering a report of 20,000 events, beside JSON.stringify of it');
for (const [format, load] of Object.entries(RENDERERS)) {
  if (format === 'html') continue;
  const taken = await best(() => load.render(large, PLAIN));
  console.log(`  ${format.padEnd(12)} ${taken.toFixed(1)} ms`);
  const theirs = `${plain.toFixed(0)} ms`;
  keepRow({
    what: `rendering 20,000 events: ${format}`,
    ours: `${taken.toFixed(0)} ms`,
    peer: 'JSON.stringify',
    theirs,
    ratio: `${(taken / plain).toFixed(2)} of its time`,
  });
}
