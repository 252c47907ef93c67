import type { Filtering } from './filtering.ts';
import type { Mapping } from './mapping.ts';

/** How one side of a call stands to the network, as far as known. */
export interface NatBehaviour {
  readonly mapping: Mapping | 'not-determined';
  readonly filtering: Filtering | 'not-determined';
  /** The public side of the NAT, where known: two peers behind one NAT need hairpinning or a common LAN. */
  readonly mappedAddress?: string | null;
  readonly hairpinning?: boolean | null;
}

export interface Prediction {
  /** With STUN alone, no relay. */
  readonly direct: 'yes' | 'no' | 'not-determined';
  readonly reason: string;
}

/**
 * Will ICE with STUN alone connect the two? Both send to each other's server-reflexive address. One direction is enough:
 * the check that gets in teaches the receiver the sender's true address (a peer-reflexive candidate), its answer opens
 * the way back. A peer whose mapping depends on the destination sends from a port that its partner was never told, which
 * only matters to a filter that looks at ports, and cannot be reached where it said it would be.
 */
export function predict(a: NatBehaviour, b: NatBehaviour): Prediction {
  if (
    a.mappedAddress != null &&
    a.mappedAddress === b.mappedAddress &&
    (a.mapping !== 'none' || b.mapping !== 'none')
  ) {
    return behindOneNat(a, b);
  }
  const outcomes = variants(a).flatMap((one) => variants(b).map((other) => reaches(one, other) || reaches(other, one)));
  if (outcomes.every((reached) => reached)) return { direct: 'yes', reason: reasonFor(a, b, true) };
  if (outcomes.every((reached) => !reached)) return { direct: 'no', reason: reasonFor(a, b, false) };
  return { direct: 'not-determined', reason: 'what is not determined of the two decides it' };
}

/** The partners that this behaviour reaches without a relay, in the words of a person. */
export function meaningOf(behaviour: NatBehaviour): {
  readonly direct: readonly string[];
  readonly relay: readonly string[];
} {
  const direct: string[] = [];
  const relay: string[] = [];
  for (const partner of PARTNERS) {
    const { direct: answer } = predict(behaviour, partner.behaviour);
    if (answer === 'yes') direct.push(partner.name);
    if (answer === 'no') relay.push(partner.name);
  }
  return { direct, relay };
}

const PARTNERS: readonly { readonly name: string; readonly behaviour: NatBehaviour }[] = [
  { name: 'a public host without a firewall', behaviour: { mapping: 'none', filtering: 'endpoint-independent' } },
  {
    name: 'a public host behind a stateful firewall',
    behaviour: { mapping: 'none', filtering: 'address-and-port-dependent' },
  },
  {
    name: 'an ordinary home router (endpoint-independent mapping)',
    behaviour: { mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' },
  },
  {
    name: 'a NAT with destination-dependent mapping (many offices and mobile networks)',
    behaviour: { mapping: 'address-and-port-dependent', filtering: 'address-and-port-dependent' },
  },
];

interface Known {
  readonly mapping: Mapping;
  readonly filtering: Filtering;
}

/** Every behaviour that is still possible. */
function variants(behaviour: NatBehaviour): Known[] {
  const mappings: readonly Mapping[] =
    behaviour.mapping === 'not-determined'
      ? ['endpoint-independent', 'address-dependent', 'address-and-port-dependent']
      : [behaviour.mapping];
  const filterings: readonly Filtering[] =
    behaviour.filtering === 'not-determined'
      ? ['endpoint-independent', 'address-dependent', 'address-and-port-dependent']
      : [behaviour.filtering];
  return mappings.flatMap((mapping) => filterings.map((filtering) => ({ mapping, filtering })));
}

/**
 * Does a check that `from` sends to `to`'s reflexive address get in, and its answer back, once both have sent one? The
 * answer must come from the address that was asked (RFC 8445 7.2.5.2.1): where `to` has one mapping for its STUN server
 * and another for `from`, it cannot, even if its filter let the check in.
 */
function reaches(from: Known, to: Known): boolean {
  if (!keepsMapping(to)) return false;
  return to.filtering !== 'address-and-port-dependent' || keepsMapping(from);
}

function keepsMapping(side: Known): boolean {
  return side.mapping === 'none' || side.mapping === 'endpoint-independent';
}

function behindOneNat(a: NatBehaviour, b: NatBehaviour): Prediction {
  if (a.hairpinning === true && b.hairpinning === true) {
    return { direct: 'yes', reason: 'both are behind the same NAT, which hairpins' };
  }
  return {
    direct: 'not-determined',
    reason:
      'both show the same public address: they connect directly if they share a network, else only by hairpinning',
  };
}

function reasonFor(a: NatBehaviour, b: NatBehaviour, direct: boolean): string {
  const dependent = [a, b].filter((side) => side.mapping.startsWith('address')).length;
  if (direct) {
    return dependent === 0
      ? 'both keep one mapping for all destinations, so each knows where the other sends from'
      : 'the side that keeps its mapping lets in a packet from a port that it was not told';
  }
  return dependent === 2
    ? 'both change their mapping with the destination: neither can be told where to send'
    : 'one side changes its mapping with the destination, and the other lets in only the port it was told';
}
