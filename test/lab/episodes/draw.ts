import { type Random, randomInteger, seededRandom } from '../../../src/core/random.ts';
import type { DnsEntry } from '../../support/dns-server.ts';
import { type AccessNetwork, nat64Address } from '../support/network.ts';
import { NETWORKS, type NetworkName } from '../support/networks.ts';
import type { ScenarioServer } from '../support/scenario.ts';
import { type Asked, chance, type Draft, type FaultKind, pick } from './draft.ts';
import { DEAD_HOST, FAULTS, UDP_DROPPED } from './faults.ts';
import { drawTarget, iceServer, tellTarget } from './target.ts';
import type { Fault } from './truth.ts';

/** A situation drawn by a seed, the command that is run in it, and what is true in it. */
export interface Episode {
  readonly seed: number;
  readonly network: AccessNetwork;
  readonly servers: readonly ScenarioServer[];
  readonly zone: Readonly<Record<string, DnsEntry>>;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Empty: all is well, and nothing may be said to be wrong. */
  readonly faults: readonly Fault[];
  /** Findings that are true of the network itself, whatever the fault. */
  readonly trueHere: readonly string[];
  /** The draw in words, to be read beside a verdict. */
  readonly story: string;
}

/** Where people sit, and nothing is wrong. */
export const HEALTHY_NETWORKS: readonly NetworkName[] = [
  'public',
  'eim-eif',
  'eim-adf',
  'eim-apdf',
  'adm-apdf',
  'apdm-apdf',
  'hairpin',
  'carrier-grade',
  'double-nat',
  'short-binding',
  'small-mtu',
  'two-uplinks',
  'pooled',
  'vpn',
  'dual-stack',
  'dual-stack',
  'ipv6-only',
  'ipv6-broken',
  'nat64',
];

/** What must be said of them: it is no false alarm. */
const TRUE_OF_NETWORK: Partial<Record<NetworkName, readonly string[]>> = {
  // A warning only where no relay makes up for it.
  'adm-apdf': ['nat.address-dependent-mapping'],
  'apdm-apdf': ['nat.address-dependent-mapping'],
  'two-uplinks': ['nat.unstable-address'],
  pooled: ['nat.unstable-address'],
  // Nothing that is sent from the address beside the tunnel is answered, and it is waited for.
  vpn: ['ice.slow-gathering'],
  // The lab's translator drops what the way back would have to cut up.
  nat64: ['net.path-mtu'],
};

/** The whole episode of a seed. In one with an odd seed something is wrong: one fault, sometimes two. */
export function drawEpisode(seed: number, asked: Asked): Episode {
  const random = seededRandom(seed);
  const healthy = seed % 2 === 0;
  const { draft, faults } = healthy ? { draft: drawDraft(random), faults: [] } : drawFaulty(random, asked);
  if (faults.length > 1 && faults.every(({ name }) => name === UDP_DROPPED || name === DEAD_HOST)) sameAsNoUdp(faults);
  return {
    seed,
    network: draft.network,
    servers: draft.targets.map(({ server, turn }) => ({ ...server, turn: [turn] })),
    zone: zoneOf(draft),
    command: [asked, '--ice-servers', JSON.stringify(draft.targets.map(iceServer)), '--ca', '{ca}'],
    env: draft.env,
    faults,
    trueHere: TRUE_OF_NETWORK[draft.networkName] ?? [],
    story: [draft.networkName, ...draft.targets.map(tellTarget), ...faults.map(({ name }) => `FAULT ${name}`)].join(
      '; ',
    ),
  };
}

/** Where no server answers over UDP, it looks from the client as if its own network dropped it. */
function sameAsNoUdp(faults: Fault[]): void {
  for (const [i, fault] of faults.entries()) {
    if (fault.name === UDP_DROPPED)
      faults[i] = { ...fault, identifiable: false, tolerated: [...fault.tolerated, 'net.udp-blocked'] };
  }
}

/** A fault first, each as likely as the others, then a situation in which it can be; sometimes a second one beside it. */
function drawFaulty(random: Random, asked: Asked): { draft: Draft; faults: Fault[] } {
  const possible = FAULTS.filter(({ shownTo = 'gather' }) => shownTo === 'gather' || asked === 'doctor');
  const kind = pick(random, possible);
  for (let tries = 0; tries < 1000; tries++) {
    const draft = drawDraft(random);
    const made = tryFault(kind, draft, []);
    if (made === undefined) continue;
    // A second one does not meddle with the network.
    const second = made.where !== 'network' && chance(random, 20);
    const other = second ? tryFault(pick(random, possible), draft, [made.where]) : undefined;
    return { draft, faults: [made.fault, ...(other === undefined ? [] : [other.fault])] };
  }
  throw new Error(`there is no place for ${JSON.stringify(kind)}`);
}

/** One fault in one place; two faults never share a server. */
function tryFault(
  kind: FaultKind,
  draft: Draft,
  taken: readonly string[],
): { fault: Fault; where: string } | undefined {
  if (kind.at === 'network') {
    if (taken.length > 0 || !kind.fits(draft)) return undefined;
    return { fault: kind.apply(draft), where: 'network' };
  }
  const free = draft.targets.filter((target) => !taken.includes(target.name) && kind.fits(target, draft));
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
    jitterMs: pick(random, [0, 0, 0, 10]),
  };
  const count = 1 + randomInteger(random, 2);
  const targets = Array.from({ length: count }, (_, i) => drawTarget(random, i + 1, network));
  return { random, networkName, network, targets, env: {} };
}

function zoneOf({ network, targets }: Draft): Episode['zone'] {
  // RFC 7050: by this name a client finds out that addresses are translated.
  const translator = { 'ipv4only.arpa': ['192.0.0.170', nat64Address('192.0.0.170')] };
  return {
    ...Object.fromEntries(targets.map(({ name, zone }) => [name, zone])),
    ...(network.nat64 === true ? translator : {}),
  };
}
