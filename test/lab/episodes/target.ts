import type { Random } from '../../../src/core/random.ts';
import type { DnsEntry } from '../../support/dns-server.ts';
import { type AccessNetwork, nat64Address, serverAddresses } from '../support/network.ts';
import type { ScenarioServer, ScenarioTurn } from '../support/scenario.ts';
import { PASSWORD, USER } from '../support/servers.ts';
import { chance, familiesHere, pick } from './draft.ts';

/** How one server is asked for; faults change it before it becomes words. */
export interface Target {
  readonly index: number;
  readonly name: string;
  readonly kind: 'coturn' | 'pion' | 'iceprobe';
  /** The families it serves, and of which it is given: by an address of one, or by a name with such records. */
  readonly given: Given;
  host: 'name' | 'address';
  /** In the order of the configuration. */
  urls: TargetUrl[];
  zone: DnsEntry;
  username: string;
  credential: string;
  turn: ScenarioTurn;
  server: ScenarioServer;
}

export type Given = 'ipv4' | 'ipv6' | 'both';

export interface TargetUrl {
  readonly scheme: 'stun' | 'turn' | 'turns';
  readonly transport: 'udp' | 'tcp';
  port: number | undefined;
}

const ALL_URLS: readonly TargetUrl[] = [
  { scheme: 'stun', transport: 'udp', port: undefined },
  { scheme: 'turn', transport: 'udp', port: undefined },
  { scheme: 'turn', transport: 'tcp', port: undefined },
  { scheme: 'turns', transport: 'tcp', port: undefined },
];

/** A server that is all right, and can be reached from the network. */
export function drawTarget(random: Random, index: number, network: AccessNetwork): Target {
  const given = pick(random, familiesToGive(network));
  // The lab's pion serves IPv4 alone.
  const kind = pick(
    random,
    given === 'ipv4' ? (['coturn', 'pion', 'iceprobe'] as const) : (['coturn', 'iceprobe'] as const),
  );
  // The tests' certificates bear the first server's name, and no address of the lab.
  const secured = index === 1;
  const drawn = ALL_URLS.filter(() => chance(random, 60)).filter(({ scheme }) => secured || scheme !== 'turns');
  const urls = (drawn.length > 0 ? drawn : ALL_URLS.slice(1, 2)).map((url) => ({ ...url }));
  const translated = network.nat64 === true && given === 'ipv4';
  const byName = urls.some(({ scheme }) => scheme === 'turns') || given === 'both' || translated;
  const ipv6 = given !== 'ipv4';
  const [four] = serverAddresses(index, {}).addresses;
  return {
    index,
    name: secured ? 'turn.example.org' : `turn${index}.example.org`,
    kind,
    given,
    host: byName ? 'name' : pick(random, ['name', 'address'] as const),
    urls,
    // What a resolver with DNS64 makes of a name that has an address of IPv4 alone.
    zone: [...recordsOf(index, given), ...(translated ? [nat64Address(four)] : [])],
    username: USER,
    credential: PASSWORD,
    turn: { kind, rfc5780: false, transports: ['udp', 'tcp', 'tls'], certificate: 'good', ...(ipv6 ? { ipv6 } : {}) },
    server: ipv6 ? { ipv6 } : {},
  };
}

function familiesToGive(network: AccessNetwork): readonly Given[] {
  // Through what is broken nothing is asked here: then nothing of it can be seen.
  if (network.ipv6 === 'broken') return ['ipv4'];
  if (network.nat64 === true) return ['ipv4', 'ipv6', 'both'];
  const here = familiesHere(network);
  // A name may well have records of a family that this network lacks.
  return [...here.map((family) => `ipv${family}` as const), 'both'];
}

export function recordsOf(index: number, given: Given): string[] {
  const { addresses, addresses6 } = serverAddresses(index, {});
  return [...(given === 'ipv6' ? [] : [addresses[0]]), ...(given === 'ipv4' ? [] : [addresses6[0]])];
}

/** As an `RTCConfiguration` has it. */
export function iceServer(target: Target): object {
  const urls = target.urls.map((url) => urlText(target, url));
  return { urls, ...(hasTurn(target) ? { username: target.username, credential: target.credential } : {}) };
}

function urlText({ host, name, index, given }: Target, { scheme, transport, port }: TargetUrl): string {
  const { addresses, addresses6 } = serverAddresses(index, {});
  const place = host === 'name' ? name : given === 'ipv6' ? `[${addresses6[0]}]` : addresses[0];
  return `${scheme}:${place}${port === undefined ? '' : `:${port}`}${transport === 'tcp' ? '?transport=tcp' : ''}`;
}

/** In words, to be read beside a verdict. */
export function tellTarget(target: Target): string {
  const names = target.host === 'name' ? ` (${JSON.stringify(target.zone)})` : '';
  return `${target.kind} ${target.urls.map((url) => urlText(target, url)).join(' ')}${names}`;
}

export function hasTurn({ urls }: Target): boolean {
  return urls.some(({ scheme }) => scheme !== 'stun');
}

export function hasTls({ urls }: Target): boolean {
  return urls.some(({ scheme }) => scheme === 'turns');
}

export function hasUdp({ urls }: Target): boolean {
  return urls.some(({ transport }) => transport === 'udp');
}

/** Over TCP, with TLS or without. */
export function hasStream({ urls }: Target): boolean {
  return urls.some(({ transport }) => transport === 'tcp');
}

export function hasUrl({ urls }: Target, scheme: TargetUrl['scheme'], transport: TargetUrl['transport']): boolean {
  return urls.some((url) => url.scheme === scheme && url.transport === transport);
}
