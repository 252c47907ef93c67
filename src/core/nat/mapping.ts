import { type SocketAddress, sameSocketAddress } from '../address.ts';

/** RFC 4787 4.1; `none` where there is no translation at all. */
export type Mapping = 'none' | 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

/** What one destination saw of one local socket. */
export interface MappingSample {
  readonly destination: SocketAddress;
  readonly mapped: SocketAddress;
}

export interface MappingVerdict {
  /** The behaviour, or `not-determined` with what is left of it in `remaining`. */
  readonly verdict: Mapping | 'not-determined';
  readonly remaining: readonly Mapping[];
  /** What was seen that leads there, in words. */
  readonly reason: string;
  /** What would settle it; absent where it is settled. */
  readonly settledBy?: string;
}

/**
 * RFC 5780 4.3 as a function of what was seen, whatever the destinations were (a server's second address, other servers,
 * other ports, a relay): samples of one local socket, each destination once.
 *
 * A NAT that keeps the port where it can, however it keys its table, is endpoint-independent to all who look from outside:
 * that is what decides whether a peer connection comes about.
 */
export function mappingVerdict(local: SocketAddress, samples: readonly MappingSample[]): MappingVerdict {
  const [first] = samples;
  if (first === undefined) {
    return undetermined(['none', ...NATS], 'no destination answered', 'a STUN server that answers');
  }
  if (samples.every((sample) => sameSocketAddress(sample.mapped, local))) {
    return settled('none', `${count(samples.length, 'destination')} saw our own address`);
  }
  const changedByPort = findPair(samples, (a, b) => sameAddress(a, b) && !sameMapping(a, b));
  if (changedByPort !== undefined) {
    return settled('address-and-port-dependent', `two ports of ${first.destination.address} saw different mappings`);
  }
  const changedByAddress = findPair(samples, (a, b) => !sameAddress(a, b) && !sameMapping(a, b));
  const keptByPort = findPair(samples, (a, b) => sameAddress(a, b) && sameMapping(a, b));
  const keptByAddress = findPair(samples, (a, b) => !sameAddress(a, b) && sameMapping(a, b));
  if (changedByAddress !== undefined) {
    return keptByPort !== undefined
      ? settled('address-dependent', 'two ports of one address saw the same mapping, another address a different one')
      : undetermined(
          ['address-dependent', 'address-and-port-dependent'],
          'two addresses saw different mappings; no address was asked on two ports',
          'a second port of one of the servers',
        );
  }
  if (keptByAddress !== undefined) {
    return settled('endpoint-independent', `${count(addressesOf(samples), 'address')} saw the same mapping`);
  }
  if (keptByPort !== undefined) {
    return undetermined(
      ['endpoint-independent', 'address-dependent'],
      'two ports of one address saw the same mapping; no second address was asked',
      'a STUN server on a second address (--server)',
    );
  }
  return undetermined(
    [...NATS],
    'only one destination answered',
    'a STUN server on a second address and port (--server)',
  );
}

const NATS = ['endpoint-independent', 'address-dependent', 'address-and-port-dependent'] as const;

function settled(verdict: Mapping, reason: string): MappingVerdict {
  return { verdict, remaining: [verdict], reason };
}

function undetermined(remaining: readonly Mapping[], reason: string, settledBy: string): MappingVerdict {
  return { verdict: 'not-determined', remaining, reason, settledBy };
}

function findPair(
  samples: readonly MappingSample[],
  test: (a: MappingSample, b: MappingSample) => boolean,
): readonly [MappingSample, MappingSample] | undefined {
  for (const [i, a] of samples.entries()) {
    for (const b of samples.slice(i + 1)) if (test(a, b)) return [a, b];
  }
  return undefined;
}

function sameAddress(a: MappingSample, b: MappingSample): boolean {
  return a.destination.address === b.destination.address;
}

function sameMapping(a: MappingSample, b: MappingSample): boolean {
  return sameSocketAddress(a.mapped, b.mapped);
}

function addressesOf(samples: readonly MappingSample[]): number {
  return new Set(samples.map((sample) => sample.destination.address)).size;
}

function count(n: number, noun: string): string {
  return n === 1 ? `1 ${noun}` : `${n} ${noun}${noun.endsWith('s') ? 'es' : 's'}`;
}
