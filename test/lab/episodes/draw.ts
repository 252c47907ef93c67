import { type Random, randomInteger, seededRandom } from '../../../src/core/random.ts';
import type { DnsEntry } from '../../support/dns-server.ts';
import { type AccessNetwork, serverAddresses } from '../support/network.ts';
import { NETWORKS, type NetworkName } from '../support/networks.ts';
import type { ScenarioServer, ScenarioTurn } from '../support/scenario.ts';
import { PASSWORD, USER } from '../support/servers.ts';
import { DEAD_HOST, FAULTS, type FaultKind, UDP_DROPPED } from './faults.ts';
import type { Fault } from './truth.ts';

/** A situation drawn by a seed, the command that is run in it, and what is true in it. */
export interface Episode {
  readonly seed: number;
  readonly network: AccessNetwork;
  readonly servers: readonly ScenarioServer[];
  readonly zone: Readonly<Record<string, DnsEntry>>;
  readonly command: readonly string[];
  /** Empty: all is well, and nothing may be said to be wrong. */
  readonly faults: readonly Fault[];
  /** Findings that are true of the network itself, whatever the fault. */
  readonly trueHere: readonly string[];
  /** The draw in words, to be read beside a verdict. */
  readonly story: string;
}

/** How one server is asked for; faults change it before it becomes words. */
export interface Target {
  readonly index: number;
  readonly name: string;
  kind: 'coturn' | 'pion';
  host: 'name' | 'address';
  /** In the order of the configuration. */
  urls: TargetUrl[];
  zone: DnsEntry;
  username: string;
  credential: string;
  turn: ScenarioTurn;
  server: ScenarioServer;
}

export interface TargetUrl {
  readonly scheme: 'stun' | 'turn' | 'turns';
  readonly transport: 'udp' | 'tcp';
  port: number | undefined;
}

/** Everything drawn so far, open to a fault. */
export interface Draft {
  readonly random: Random;
  networkName: NetworkName;
  network: AccessNetwork;
  readonly targets: Target[];
}

const HEALTHY_NETWORKS: readonly NetworkName[] = [
  'public',
  'eim-eif',
  'eim-adf',
  'eim-apdf',
  'adm-apdf',
  'apdm-apdf',
  'hairpin',
  'carrier-grade',
  'dual-stack',
  'two-uplinks',
];

/** What must be said of them: it is no false alarm. */
const TRUE_OF_NETWORK: Partial<Record<NetworkName, readonly string[]>> = {
  'two-uplinks': ['nat.unstable-address'],
};

/** What is run in an episode. What is wrong with a relay only shows to `doctor`, which sends data through it. */
export type Asked = 'gather' | 'doctor';

/** The whole episode of a seed. In one with an odd seed something is wrong: one fault, sometimes two. */
export function drawEpisode(seed: number, asked: Asked): Episode {
  const random = seededRandom(seed);
  const healthy = seed % 2 === 0;
  const possible = FAULTS.filter(({ shownTo = 'gather' }) => shownTo === 'gather' || asked === 'doctor');
  const draft = drawDraft(random);
  const faults: Fault[] = [];
  const names: string[] = [];
  const wanted = healthy ? 0 : chance(random, 20) ? 2 : 1;
  for (let tries = 0; faults.length < wanted && tries < 50; tries++) {
    const kind = pick(random, possible);
    const place = names.length === 0 ? undefined : names;
    const made = tryFault(kind, draft, place);
    if (made === undefined) continue;
    faults.push(made.fault);
    names.push(made.where);
  }
  if (faults.length > 1 && faults.every(({ name }) => name === UDP_DROPPED || name === DEAD_HOST)) sameAsNoUdp(faults);
  if (!healthy && faults.length === 0) throw new Error(`seed ${seed}: no fault fits`);
  return {
    seed,
    network: draft.network,
    servers: draft.targets.map(({ server, turn }) => ({ ...server, turn: [turn] })),
    zone: Object.fromEntries(draft.targets.map(({ name, zone }) => [name, zone])),
    command: [asked, '--ice-servers', JSON.stringify(draft.targets.map(iceServer)), '--ca', '{ca}'],
    faults,
    trueHere: TRUE_OF_NETWORK[draft.networkName] ?? [],
    story: [draft.networkName, ...draft.targets.map(tell), ...faults.map(({ name }) => `FAULT ${name}`)].join('; '),
  };
}

export function pick<T>(random: Random, list: readonly T[]): T {
  const one = list[randomInteger(random, list.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}

export function chance(random: Random, percent: number): boolean {
  return randomInteger(random, 100) < percent;
}

/** Where no server answers over UDP, it looks from the client as if its own network dropped it. */
function sameAsNoUdp(faults: Fault[]): void {
  for (const [i, fault] of faults.entries()) {
    if (fault.name === UDP_DROPPED)
      faults[i] = { ...fault, identifiable: false, tolerated: [...fault.tolerated, 'net.udp-blocked'] };
  }
}

/** One fault in one place; two faults never share a server, nor does a second meddle with the network. */
function tryFault(
  kind: FaultKind,
  draft: Draft,
  taken: readonly string[] | undefined,
): { fault: Fault; where: string } | undefined {
  if (kind.at === 'network') {
    if (taken !== undefined || !kind.fits(draft)) return undefined;
    return { fault: kind.apply(draft), where: 'network' };
  }
  if (taken?.includes('network')) return undefined;
  const free = draft.targets.filter((target) => !taken?.includes(target.name) && kind.fits(target, draft));
  if (free.length === 0) return undefined;
  const target = pick(draft.random, free);
  return { fault: kind.apply(target, draft), where: target.name };
}

function drawDraft(random: Random): Draft {
  const networkName = pick(random, HEALTHY_NETWORKS);
  const network: AccessNetwork = {
    ...NETWORKS[networkName],
    // What an ordinary line does: it must not be taken for a fault.
    lossPercent: pick(random, [0, 0, 0.5, 1]),
    delayMs: pick(random, [0, 0, 0, 20, 60]),
  };
  const count = 1 + randomInteger(random, 2);
  return { random, networkName, network, targets: Array.from({ length: count }, (_, i) => drawTarget(random, i + 1)) };
}

function drawTarget(random: Random, index: number): Target {
  const kind = pick(random, ['coturn', 'pion'] as const);
  const all: TargetUrl[] = [
    { scheme: 'stun', transport: 'udp', port: undefined },
    { scheme: 'turn', transport: 'udp', port: undefined },
    { scheme: 'turn', transport: 'tcp', port: undefined },
    { scheme: 'turns', transport: 'tcp', port: undefined },
  ];
  const urls = all.filter(() => chance(random, 60));
  const first = all[1];
  if (urls.length === 0 && first !== undefined) urls.push(first);
  // The tests' certificates bear names and no address of the lab.
  const host = urls.some(({ scheme }) => scheme === 'turns') ? 'name' : pick(random, ['name', 'address'] as const);
  // Only the first server's name is in the certificates.
  const secured = index === 1;
  return {
    index,
    name: secured ? 'turn.example.org' : `turn${index}.example.org`,
    kind,
    host,
    urls: secured ? urls : withoutTls(urls, all),
    zone: [serverAddresses(index, {}).addresses[0]],
    username: USER,
    credential: PASSWORD,
    turn: { kind, rfc5780: false, transports: ['udp', 'tcp', 'tls'], certificate: 'good' },
    server: {},
  };
}

function withoutTls(urls: TargetUrl[], all: readonly TargetUrl[]): TargetUrl[] {
  const plain = urls.filter(({ scheme }) => scheme !== 'turns');
  return plain.length > 0 ? plain : all.slice(1, 2);
}

function iceServer(target: Target): object {
  const urls = target.urls.map((url) => urlText(target, url));
  const account = target.urls.some(({ scheme }) => scheme !== 'stun');
  return { urls, ...(account ? { username: target.username, credential: target.credential } : {}) };
}

function urlText({ host, name, index }: Target, { scheme, transport, port }: TargetUrl): string {
  const place = host === 'name' ? name : serverAddresses(index, {}).addresses[0];
  return `${scheme}:${place}${port === undefined ? '' : `:${port}`}${transport === 'tcp' ? '?transport=tcp' : ''}`;
}

function tell(target: Target): string {
  return `${target.kind} ${target.urls.map((url) => urlText(target, url)).join(' ')}`;
}
