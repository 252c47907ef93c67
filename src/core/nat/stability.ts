import { addressKind, isPrivateKind, parseSocketAddress, type SocketAddress, sameSocketAddress } from '../address.ts';
import type { NatTest } from './events.ts';

/**
 * Does the mapped address itself change (RFC 4787 4.1, "arbitrary" pooling; several uplinks)? Either one destination saw
 * two addresses of ours, or one socket two mappings, one after the other; or two destinations saw two public addresses.
 * A private one beside a public one only says that one of the servers stands on our side of a NAT.
 */
export function isUnstable(tests: readonly NatTest[]): boolean {
  const seen = sightings(tests);
  return seen.some((a, i) => seen.slice(i + 1).some((b) => differ(a, b)));
}

/** Our addresses as servers saw them over UDP, without ports, each once. */
export function addressesSeen(tests: readonly NatTest[]): readonly string[] {
  return [...new Set(sightings(tests).map(({ mapped }) => mapped.address))];
}

interface Sighting {
  readonly local: string;
  readonly destination: string;
  readonly mapped: SocketAddress;
}

function sightings(tests: readonly NatTest[]): Sighting[] {
  return tests.flatMap(({ test, local, destination, mappedAddress }): Sighting[] => {
    if ((test !== 'mapping' && test !== 'stability') || mappedAddress === null) return [];
    const mapped = parseSocketAddress(mappedAddress);
    return mapped === undefined ? [] : [{ local, destination, mapped }];
  });
}

function differ(a: Sighting, b: Sighting): boolean {
  // Through a NAT64 one socket is seen at an address of each family (RFC 6146): by servers of IPv4 and of IPv6.
  if (a.mapped.family !== b.mapped.family) return false;
  if (a.destination === b.destination) {
    return a.local === b.local ? !sameSocketAddress(a.mapped, b.mapped) : a.mapped.address !== b.mapped.address;
  }
  return a.mapped.address !== b.mapped.address && isPublic(a.mapped) && isPublic(b.mapped);
}

function isPublic({ address }: SocketAddress): boolean {
  return !isPrivateKind(addressKind(address));
}
