import { type Family, parseSocketAddress, type SocketAddress } from '../address.ts';
import type { NatTest } from './events.ts';
import { type Filtering, type FilteringVerdict, filteringVerdict } from './filtering.ts';
import { type Translations, translationsOf } from './gateway.ts';
import { type LifetimeVerdict, lifetimeVerdict } from './lifetime.ts';
import { type Mapping, type MappingSample, type MappingVerdict, mappingVerdict } from './mapping.ts';
import { isUnstable } from './stability.ts';

/** What the tests of one interface and family say. Every part has a way to say that it is not determined. */
export interface NatVerdict {
  readonly interface: string | null;
  readonly family: Family;
  readonly localAddress: string;
  readonly mappedAddress: string | null;
  readonly mapping: Mapping | 'not-determined';
  /** What it can still be, where it is not determined. */
  readonly mappingRemaining: readonly Mapping[];
  readonly filtering: Filtering | 'not-determined';
  readonly filteringRemaining: readonly Filtering[];
  /** Of TCP; null where it was not looked at. */
  readonly tcpMapping: Mapping | 'not-determined' | null;
  readonly tcpMappingRemaining: readonly Mapping[];
  readonly hairpinning: boolean | null;
  readonly portPreservation: boolean | null;
  readonly bindingLifetimeSeconds: number | null;
  readonly lifetime: LifetimeVerdict | null;
  /** True where the address itself changed within the run (pooled NAT, several uplinks). */
  readonly unstable: boolean;
  /** Somebody on the path rewrites addresses inside packets. */
  readonly alg: boolean;
  /** The gateway's address on the outside, as it says itself; null where nobody asked, or it did not say. */
  readonly gatewayExternalAddress: string | null;
  /** How many NATs there are in a row; null where the gateway was not asked, and where there is none. */
  readonly translations: Translations | null;
  readonly reasons: readonly string[];
  readonly settledBy: readonly string[];
}

/** One verdict for each interface and family that has tests, in order of first appearance. */
export function natVerdicts(tests: readonly NatTest[]): readonly NatVerdict[] {
  const groups = new Map<string, NatTest[]>();
  for (const test of tests) {
    const key = `${test.family} ${test.interface ?? ''} ${parseSocketAddress(test.local)?.address ?? test.local}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [test]);
    else group.push(test);
  }
  return [...groups.values()].map(verdictOf);
}

function verdictOf(tests: readonly NatTest[]): NatVerdict {
  const [first] = tests;
  if (first === undefined) throw new RangeError('a verdict needs a test');
  const mapping = bestMapping(tests, 'mapping');
  const hasTcp = tests.some(({ test }) => test === 'tcp-mapping');
  const tcp = hasTcp ? bestMapping(tests, 'tcp-mapping') : null;
  const filtering = filteringVerdict(
    tests.flatMap((test) =>
      test.test === 'filtering' && test.sender !== undefined
        ? [{ sender: test.sender, outcome: OUTCOMES[test.outcome] }]
        : [],
    ),
  );
  const hairpin = tests.find((test) => test.test === 'hairpin');
  const idle = tests.filter((test) => test.test === 'lifetime' && test.outcome !== 'not-determined');
  const lifetime =
    idle.length === 0
      ? null
      : lifetimeVerdict(idle.map((test) => ({ idleSeconds: test.idleSeconds ?? 0, alive: test.outcome === 'yes' })));
  const firstMapped = tests.find((test) => test.test === 'mapping' && test.mappedAddress !== null);
  const mapped = firstMapped?.mappedAddress == null ? undefined : parseSocketAddress(firstMapped.mappedAddress);
  const local = parseSocketAddress(firstMapped?.local ?? first.local);
  const translated = mapping.verdict !== 'none' && mapped !== undefined;
  const gateway = tests.find((test) => test.test === 'gateway');
  const external = gateway?.externalAddress ?? null;
  const translations = external === null ? 'not-determined' : translationsOf(external, mapped?.address ?? null);
  return {
    interface: first.interface,
    family: first.family,
    localAddress: local?.address ?? first.local,
    mappedAddress: mapped?.address ?? null,
    mapping: mapping.verdict,
    mappingRemaining: mapping.remaining,
    filtering: filtering.verdict,
    filteringRemaining: filtering.remaining,
    tcpMapping: tcp?.verdict ?? null,
    tcpMappingRemaining: tcp?.remaining ?? [],
    hairpinning: hairpin === undefined || hairpin.outcome === 'not-determined' ? null : hairpin.outcome === 'yes',
    portPreservation: translated && local !== undefined ? mapped.port === local.port : null,
    bindingLifetimeSeconds: lifetime?.seconds ?? null,
    lifetime,
    unstable: isUnstable(tests),
    alg: tests.some((test) => test.plainMappedAddress !== undefined),
    gatewayExternalAddress: external,
    translations: gateway === undefined || mapping.verdict === 'none' ? null : translations,
    reasons: reasonsOf(tests, mapping, filtering, tcp, lifetime),
    settledBy: [mapping.settledBy, filtering.settledBy].filter((text) => text !== undefined),
  };
}

const OUTCOMES = { yes: 'arrived', no: 'filtered', 'not-determined': 'undetermined' } as const;

/** Samples compare only within one socket; the socket whose samples tell most is believed. */
function bestMapping(tests: readonly NatTest[], kind: 'mapping' | 'tcp-mapping'): MappingVerdict {
  const bySocket = new Map<string, MappingSample[]>();
  for (const test of tests) {
    if (test.test !== kind || test.mappedAddress === null) continue;
    const destination = parseSocketAddress(test.destination);
    const mapped = parseSocketAddress(test.mappedAddress);
    if (destination === undefined || mapped === undefined) continue;
    const samples = bySocket.get(test.local) ?? [];
    if (samples.length === 0) bySocket.set(test.local, samples);
    samples.push({ destination, mapped });
  }
  let best = mappingVerdict(UNKNOWN, []);
  for (const [local, samples] of bySocket) {
    const verdict = mappingVerdict(parseSocketAddress(local) ?? UNKNOWN, samples);
    if (verdict.remaining.length < best.remaining.length) best = verdict;
  }
  return best;
}

const UNKNOWN: SocketAddress = { family: 4, address: '0.0.0.0', port: 0 };

function reasonsOf(
  tests: readonly NatTest[],
  mapping: MappingVerdict,
  filtering: FilteringVerdict,
  tcp: MappingVerdict | null,
  lifetime: LifetimeVerdict | null,
): string[] {
  const reasons = [`mapping: ${mapping.reason}`, `filtering: ${filtering.reason}`];
  if (tcp !== null) reasons.push(`mapping of TCP: ${tcp.reason}`);
  if (lifetime !== null) reasons.push(`lifetime: ${lifetime.reason}`);
  for (const test of tests) if (test.note !== undefined) reasons.push(`${test.destination}: ${test.note}`);
  return [...new Set(reasons)];
}
