import type { Protocol, TransportKind } from '../address.ts';
import type { Candidate, CandidateType } from './candidate.ts';

/** RFC 8445 5.1.2.2. */
export const TYPE_PREFERENCE: Readonly<Record<CandidateType, number>> = { host: 126, prflx: 110, srflx: 100, relay: 0 };

/**
 * Host candidates for TCP stand below all for UDP but the relayed ones, as in browsers. RFC 6544 4.2 leaves the type
 * preference open and asks for UDP first.
 */
export const HOST_TCP_PREFERENCE = 90;

/** RFC 8445 5.1.2.1. */
export function candidatePriority(typePreference: number, localPreference: number, component: number): number {
  return typePreference * 2 ** 24 + localPreference * 2 ** 8 + (256 - component);
}

export interface PriorityParts {
  readonly typePreference: number;
  readonly localPreference: number;
  readonly component: number;
}

/** The three numbers that a priority is made of. */
export function priorityParts(priority: number): PriorityParts {
  return {
    typePreference: Math.floor(priority / 2 ** 24),
    localPreference: Math.floor(priority / 2 ** 8) % 2 ** 16,
    component: 256 - (priority % 2 ** 8),
  };
}

/** What a local preference is made from. */
export type Preferred = Pick<Candidate, 'type' | 'protocol' | 'relayProtocol'> & {
  /** Place of the base among all bases, 0 for the best. */
  readonly rank: number;
};

/**
 * Gives every candidate of a component its priority. RFC 8445 5.1.2.1: where several candidates have the same type, each
 * must have a local preference of its own. The upper byte is the base's rank (RFC 8421 mixes the families there), the
 * lower one the order of arrival; relayed candidates come in the order UDP, TCP, TLS.
 */
export class Priorities {
  readonly #taken = new Set<number>();

  assign(candidate: Preferred, component = 1): number {
    const { type, protocol, relayProtocol, rank } = candidate;
    const typePreference = type === 'host' && protocol === 'tcp' ? HOST_TCP_PREFERENCE : TYPE_PREFERENCE[type];
    const wanted = preferenceOf(rank, protocol, relayProtocol);
    // Downwards to the next that is free; from the bottom on, from the top: by then the order is beyond caring.
    for (let i = 0; i < 2 ** 16; i++) {
      const priority = candidatePriority(typePreference, (wanted - i + 2 ** 16) % 2 ** 16, component);
      if (this.#taken.has(priority)) continue;
      this.#taken.add(priority);
      return priority;
    }
    return candidatePriority(typePreference, 0, component);
  }
}

const RELAY_STEP: Readonly<Record<TransportKind, number>> = { udp: 0, tcp: 64, tls: 128 };

function preferenceOf(rank: number, protocol: Protocol, relayProtocol: TransportKind | null): number {
  const below = 255 - RELAY_STEP[relayProtocol ?? 'udp'];
  if (protocol === 'udp') return (255 - Math.min(rank, 255)) * 256 + below;
  // RFC 6544 4.2: 2^13 * direction preference (6 for active) + a preference of 13 bits.
  return 6 * 2 ** 13 + (31 - Math.min(rank, 31)) * 256 + below;
}

/** The bases' order of preference: RFC 8421 4 begins with IPv6 and takes the families in turns, each in its own order. */
export function interleaveFamilies<T extends { readonly family: 4 | 6 }>(bases: readonly T[]): T[] {
  const six = bases.filter(({ family }) => family === 6);
  const four = bases.filter(({ family }) => family === 4);
  const mixed: T[] = [];
  for (let i = 0; i < Math.max(six.length, four.length); i++)
    mixed.push(...six.slice(i, i + 1), ...four.slice(i, i + 1));
  return mixed;
}
