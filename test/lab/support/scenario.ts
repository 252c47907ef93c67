import type { Confidence, Locus } from '../../../src/record/finding.ts';
import type { CertificateKind } from '../../support/certificates.ts';
import type { DnsZone } from '../../support/dns-server.ts';
import type { Service } from './agent-protocol.ts';
import type { AccessNetwork, ServerPlace } from './network.ts';
import { NETWORKS, type NetworkName } from './networks.ts';
import type { TurnOptions } from './servers.ts';

/**
 * One situation and what must be said about it. All of it is data: what is made, what is run, what is expected. Servers
 * have the addresses of {@link serverAddresses}, so a scenario can name them.
 */
export interface Scenario {
  readonly name: string;
  readonly network: NetworkName | AccessNetwork;
  readonly servers: readonly ScenarioServer[];
  /** Names the resolver knows; without it there is none. */
  readonly zone?: DnsZone;
  /** What a second resolver says. */
  readonly otherZone?: DnsZone;
  /** Words after `iceprobe`; `-f json` is added. */
  readonly command: readonly string[];
  /** The host that runs it, if not the client: `server1`. */
  readonly at?: string;
  /** Findings that it comes close to, and that must not be raised at any severity. */
  readonly misses?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly expect: Expected;
  /** Why this is not met yet. The test then fails as soon as it is, so that this line goes. */
  readonly awaits?: string;
}

export interface ScenarioServer extends ServerPlace {
  readonly turn?: readonly ScenarioTurn[];
  readonly services?: readonly Service[];
}

export interface ScenarioTurn extends Omit<TurnOptions, 'certificate'> {
  readonly certificate?: CertificateKind;
}

export interface Expected {
  /**
   * The id of the first finding; several where more than one word for it is right; `none`: no error and no warning.
   */
  readonly first: string | readonly string[];
  readonly locus?: Locus | readonly Locus[];
  readonly confidence?: Confidence | readonly Confidence[];
  /** Ids further down that must be there too. */
  readonly also?: readonly string[];
  /** Ids, or families ending in `.*`, that must not be raised at any severity. */
  readonly forbidden?: readonly string[];
  /** What must stand in the report: each value matches as far as it goes; lists need not be complete. */
  readonly report?: unknown;
  /** `host 4 udp`, `relay 4 tls`: exactly these sorts of candidate; the protocol is the relay's where there is one. */
  readonly candidates?: readonly string[];
  readonly exitCode: number;
  /** The run's own duration, in milliseconds; the process, with Node's start, may take {@link START_MS} longer. */
  readonly withinMs: number;
}

/** Node's start and end on a machine that is busy with other tests. */
export const START_MS = 8000;

/** Throws an Error that names the place of what it does not know, in data that the compiler has not seen. */
export function checkScenario(data: unknown): Scenario {
  check(data, SCENARIO, 'scenario');
  const scenario = data as Scenario;
  if (typeof scenario.network === 'string' && !(scenario.network in NETWORKS)) {
    throw new Error(`scenario.network: there is no network "${scenario.network}"`);
  }
  return scenario;
}

/** `leaf`: any value. A list: each element has that shape. `open`: any key, each value of that shape. */
type Shape =
  | 'leaf'
  | readonly [Shape]
  | { readonly open: Shape }
  | { readonly keys: Readonly<Record<string, Shape>>; readonly needs?: readonly string[] };

const leaves = (...names: string[]): Record<string, Shape> => Object.fromEntries(names.map((name) => [name, 'leaf']));

const NAT: Shape = {
  keys: leaves('mapping', 'filtering', 'hairpinning', 'bindingSeconds', 'poolSize'),
  needs: ['mapping', 'filtering'],
};
const NETWORK: Shape = {
  keys: {
    ...leaves(
      'between',
      'ipv4',
      'ipv6',
      'firewall',
      'lossPercent',
      'delayMs',
      'jitterMs',
      'uplinks',
      'resolver',
      'alg',
      'nat64',
      'clients',
    ),
    nats: [NAT],
    mtu: { keys: leaves('bytes', 'blackHole') },
    vpn: { keys: leaves('device') },
  },
};
const TURN: Shape = {
  keys: {
    ...leaves(
      'kind',
      'realm',
      'sharedSecret',
      'open',
      'rfc5780',
      'port',
      'transports',
      'tlsPort',
      'certificate',
      'externalAddress',
      'ipv6',
      'redis',
      'listen',
      'extra',
    ),
    relayPorts: { keys: leaves('low', 'high') },
  },
  needs: ['kind'],
};
const SERVER: Shape = {
  keys: {
    ...leaves('front', 'ipv6', 'balancer'),
    firewall: [
      {
        keys: leaves('protocol', 'ports', 'action', 'family', 'address', 'direction', 'perSecond'),
        needs: ['protocol', 'ports', 'action'],
      },
    ],
    turn: [TURN],
    services: [
      {
        keys: leaves(
          'kind',
          'protocol',
          'address',
          'port',
          'text',
          'addresses',
          'zone',
          'from',
          'target',
          'idleMs',
          'external',
          'speaks',
          'delayMs',
          'keys',
        ),
        needs: ['kind'],
      },
    ],
  },
};
const EXPECTED: Shape = {
  keys: leaves('first', 'locus', 'confidence', 'also', 'forbidden', 'report', 'candidates', 'exitCode', 'withinMs'),
  needs: ['first', 'exitCode', 'withinMs'],
};
const SCENARIO: Shape = {
  keys: {
    ...leaves('name', 'env', 'awaits', 'at', 'misses'),
    command: ['leaf'],
    zone: { open: 'leaf' },
    otherZone: { open: 'leaf' },
    network: NETWORK,
    servers: [SERVER],
    expect: EXPECTED,
  },
  needs: ['name', 'network', 'servers', 'command', 'expect'],
};

function check(data: unknown, shape: Shape, place: string): void {
  if (shape === 'leaf') return;
  if (place === 'scenario.network' && typeof data === 'string') return;
  if (isList(shape)) {
    if (!Array.isArray(data)) throw new Error(`${place}: a list is expected`);
    for (const [i, each] of data.entries()) check(each, shape[0], `${place}[${i}]`);
    return;
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new Error(`${place}: an object is expected`);
  for (const [key, value] of Object.entries(data)) {
    const inner = 'open' in shape ? shape.open : shape.keys[key];
    if (inner === undefined) throw new Error(`${place}.${key}: no such key`);
    if (value !== undefined) check(value, inner, `${place}.${key}`);
  }
  const missing = ('needs' in shape ? (shape.needs ?? []) : []).find((key) => !(key in data));
  if (missing !== undefined) throw new Error(`${place}.${missing}: missing`);
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}
