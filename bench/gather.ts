// Time to `complete`: iceprobe, Chromium and libwebrtc in Node (@roamhq/wrtc), in turns on the same host, on loopback and
// behind a wire that delays; and what the network alone demands.
//
//   npm run bench -- gather [rounds]        needs root or user namespaces, coturn, Chromium, Go, Debian's pion-turn
//
// The floor is made of round trips, measured on the spot: one for STUN, two for TURN (the challenge), one more for TCP, one
// for TLS 1.3 and two for TLS 1.2, one for a name; and of the pace of 5 ms between first requests (RFC 8445 14.2), of which
// there is one for each local address. coturn 4.6 speaks TLS 1.2, pion 1.3.
// Targets: the median faster than the others' in every row, the best no more than 15 ms above the floor: what else the machine
// does comes on top of the median of each.
import { resolve } from 'node:path';
import { bundleScript } from '../scripts/bundle-script.mjs';
import { type Lab, startLab } from '../test/lab/support/lab.ts';
import { type AccessNetwork, BLACK_HOLE, type ServerAddresses, serverAddresses } from '../test/lab/support/network.ts';
import { etcOf } from '../test/lab/support/sandbox.ts';
import { installCertificate, PASSWORD, startTurn, USER } from '../test/lab/support/servers.ts';
import { certificate } from '../test/support/certificates.ts';
import { type Contestant, type GatherTime, openContestants } from './gather/contestants.ts';
import { keepRow, times } from './support/rows.ts';

const ROUNDS = 9;
const ABOVE_FLOOR_MS = 15;
/** RFC 8445 14.2: what iceprobe chose. */
const PACE_MS = 5;
const LIMIT_MS = 50_000;
/** In the certificate and in the hosts file; the others only the resolver knows, one for each round: nobody has it in a cache. */
const NAME = 'turn.example.org';
const resolved = (round: number): string => `relay${round}.example.org`;
const PION_PORT = 5350;

interface Place {
  readonly name: string;
  readonly network: AccessNetwork;
  /** The server is on the client itself. */
  readonly onLoopback: boolean;
}

const PLACES: readonly Place[] = [
  { name: 'loopback', network: { clients: 2 }, onLoopback: true },
  { name: 'a wire of 20 ms', network: { clients: 2, delayMs: 10 }, onLoopback: false },
  { name: 'a wire of 100 ms', network: { clients: 2, delayMs: 50 }, onLoopback: false },
];

interface Row {
  readonly name: string;
  readonly urls: (address: string, round: number) => readonly string[];
  /** Round trips of each URL by itself. */
  readonly roundTrips: readonly number[];
  readonly relays: number;
  readonly needsResolver?: true;
  /** Takes a minute, and tells how long silence is borne with: there is no floor to that. */
  readonly silent?: true;
}

const ROWS: readonly Row[] = [
  { name: 'STUN', urls: (host) => [`stun:${host}`], roundTrips: [1], relays: 0 },
  { name: 'TURN over UDP', urls: (host) => [`turn:${host}`], roundTrips: [2], relays: 1 },
  { name: 'TURN over TCP', urls: (host) => [`turn:${host}?transport=tcp`], roundTrips: [3], relays: 1 },
  { name: 'TURN over TLS 1.2', urls: () => [`turns:${NAME}`], roundTrips: [5], relays: 1 },
  { name: 'TURN over TLS 1.3', urls: () => [`turns:${NAME}:${PION_PORT}`], roundTrips: [4], relays: 1 },
  {
    name: 'all but TLS',
    urls: (host) => [`stun:${host}`, `turn:${host}`, `turn:${host}?transport=tcp`],
    roundTrips: [1, 2, 3],
    relays: 2,
  },
  {
    name: 'all',
    urls: (host) => [`stun:${host}`, `turn:${host}`, `turn:${host}?transport=tcp`, `turns:${NAME}:${PION_PORT}`],
    roundTrips: [1, 2, 3, 4],
    relays: 3,
  },
  {
    name: 'TURN over UDP, a name',
    urls: (_, round) => [`turn:${resolved(round)}`],
    roundTrips: [3],
    relays: 1,
    needsResolver: true,
  },
  {
    name: 'TURN, and a silent STUN',
    urls: (host) => [`turn:${host}`, `stun:${BLACK_HOLE}`],
    roundTrips: [],
    relays: 1,
    needsResolver: true,
    silent: true,
  },
];

const { caPem, certPem } = certificate('good');
const rounds = Number(process.argv[2] ?? ROUNDS);
const missed: string[] = [];
console.log(`node ${process.version}, ${rounds} rounds in turns; milliseconds to complete: median (best)\n`);
for (const place of PLACES) await measurePlace(place);
console.log(missed.length === 0 ? 'every target is met' : `missed:\n${missed.map((line) => `  ${line}`).join('\n')}`);
if (process.argv.includes('--check') && missed.length > 0) process.exitCode = 1;

async function measurePlace({ name, network, onLoopback }: Place): Promise<void> {
  const [address] = onLoopback ? ['127.0.0.1'] : serverAddresses(1, {}).addresses;
  const zone = Object.fromEntries(Array.from({ length: rounds + 1 }, (_, round) => [resolved(round), [address]]));
  await using lab = await startLab({ sites: [network], servers: [{}], zone });
  const second = onLoopback ? lab.client() : lab.client(1, 2);
  const names = [lab.client(), second].map((client) => `echo '${address} ${NAME}' >> ${etcOf(client)}/hosts`);
  // @roamhq/wrtc asks from 127.0.0.1 too, and waits 40 s for answers that cannot come.
  const quiet = onLoopback ? [] : [`ip -n ${second} link set lo down`];
  await lab.sandbox.script([...names, ...quiet].join('\n'));
  const addresses: ServerAddresses = { ...serverAddresses(1, {}), ...(onLoopback ? { own: [address, address] } : {}) };
  const host = onLoopback ? lab.client() : (lab.servers[0] ?? '');
  const shown = await installCertificate(lab, certificate('good'));
  await startTurn(lab, host, addresses, { kind: 'coturn', rfc5780: false, certificate: shown });
  await startTurn(lab, host, addresses, { kind: 'pion', transports: ['tls'], tlsPort: PION_PORT, certificate: shown });
  const roundTripMs = await measureRoundTrip(lab, address);
  console.log(`${name}, a round trip of ${roundTripMs.toFixed(1)} ms`);
  const contestants = await openContestants(lab, certPem, second);
  for (const row of ROWS) {
    if (row.needsResolver === true && onLoopback) continue;
    if (row.silent === true && network.delayMs !== 10) continue;
    await measureRow(row, { place: name, address, roundTripMs, locals: onLoopback ? 2 : 1 }, contestants);
  }
  console.log('');
}

interface Surroundings {
  readonly place: string;
  readonly address: string;
  readonly roundTripMs: number;
  /** IPv4 addresses of the client, each of which asks each server. */
  readonly locals: number;
}

async function measureRow(row: Row, around: Surroundings, contestants: readonly Contestant[]): Promise<void> {
  const { name, urls, relays, silent = false } = row;
  const taken = new Map<Contestant, GatherTime[]>(contestants.map((contestant) => [contestant, []]));
  // The first round warms up, caches and code.
  for (let round = silent ? rounds : 0; round <= rounds; round++) {
    const iceServers = [{ urls: urls(around.address, round), username: USER, credential: PASSWORD }];
    for (const contestant of contestants) {
      const time = await contestant.gather({ iceServers, caPem, limitMs: LIMIT_MS });
      if (round > 0) taken.get(contestant)?.push(time);
    }
  }
  const summaries = [...taken].map(([contestant, all]) => ({ name: contestant.name, ...summarise(all, relays) }));
  const [own, ...others] = summaries;
  if (own === undefined) return;
  const floorMs = silent ? Number.NaN : floorOf(row, around);
  const cells = summaries.map(({ name, medianMs, bestMs }) => {
    if (!Number.isFinite(medianMs)) return `${name}: no relay`;
    const ratio = name === own.name ? '' : `, ${(medianMs / own.medianMs).toFixed(1)} times`;
    return `${name} ${medianMs.toFixed(1)} (${bestMs.toFixed(1)}${ratio})`;
  });
  console.log(`  ${name.padEnd(24)} floor ${silent ? '    -' : floorMs.toFixed(1).padStart(5)}   ${cells.join('   ')}`);
  keepGatherRows(`${around.place}, ${name}`, own, others, silent ? undefined : floorMs);
  if (!silent && !(own.bestMs <= floorMs + ABOVE_FLOOR_MS)) {
    missed.push(`${around.place}, ${name}: ${(own.bestMs - floorMs).toFixed(1)} ms above the floor`);
  }
  for (const other of others) {
    if (other.medianMs <= own.medianMs) missed.push(`${around.place}, ${name}: ${other.name} is faster`);
  }
}

interface Summary {
  readonly name: string;
  readonly medianMs: number;
  readonly bestMs: number;
}

function keepGatherRows(what: string, own: Summary, others: readonly Summary[], floorMs: number | undefined): void {
  const ours = `${own.medianMs.toFixed(1)} ms (best ${own.bestMs.toFixed(1)})`;
  if (floorMs !== undefined) {
    const above = own.bestMs - floorMs;
    keepRow({
      what: `gather: ${what}`,
      ours,
      peer: 'the floor',
      theirs: `${floorMs.toFixed(1)} ms`,
      ratio: `best ${above.toFixed(1)} ms above`,
      target: { text: `at most ${ABOVE_FLOOR_MS} ms above`, met: above <= ABOVE_FLOOR_MS },
    });
  }
  for (const other of others) {
    const ratio = other.medianMs / own.medianMs;
    const theirs = Number.isFinite(other.medianMs) ? `${other.medianMs.toFixed(1)} ms` : 'no relay';
    const target = { text: 'faster', met: ratio > 1 };
    keepRow({ what: `gather: ${what}`, ours, peer: other.name, theirs, ratio: times(ratio), target });
  }
}

/** Whoever needs most round trips first. Each local address asks each server. */
function floorOf({ roundTrips }: Row, { roundTripMs, locals }: Surroundings): number {
  const first = (index: number): number => (index * locals + locals - 1) * PACE_MS;
  return Math.max(...roundTrips.toSorted((a, b) => b - a).map((count, index) => first(index) + count * roundTripMs));
}

function summarise(times: readonly GatherTime[], relays: number): { medianMs: number; bestMs: number } {
  const found = times.filter((time) => time.relays >= relays);
  const sorted = found.map(({ completeMs }) => completeMs ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const none = Number.POSITIVE_INFINITY;
  // Whoever did not find what there is has not done the same work.
  if (found.length < times.length / 2) return { medianMs: none, bestMs: none };
  return { medianMs: sorted[sorted.length >> 1] ?? none, bestMs: sorted[0] ?? none };
}

async function measureRoundTrip(lab: Lab, address: string): Promise<number> {
  const script = await bundleScript(resolve('bench/gather/round-trip.ts'));
  const { stdout, stderr } = await lab.run([process.execPath, script, address, '3478']);
  if (!(Number(stdout) > 0)) throw new Error(`no round trip: ${stderr}`);
  return Number(stdout);
}
