import { parseSocketAddress } from '../address.ts';

/** RFC 4787's words, as an end tells them of itself. */
type Behaviour = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent' | 'not-determined';

const BEHAVIOURS: readonly Behaviour[] = [
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
  'not-determined',
];
const MAPPINGS: readonly (Behaviour | 'none')[] = ['none', ...BEHAVIOURS];

/** How an end stands to the network, for the other one's prediction. */
export interface WitnessNat {
  readonly mapping: Behaviour | 'none';
  readonly filtering: Behaviour;
  readonly hairpinning: boolean | null;
  readonly mappedAddress: string | null;
}

/** Packets of one question: few, since nobody has proved yet that the address is his (as many as ICE's checks would be). */
export const WITNESS_PACKETS = 10;
/** Relays that an end lets the other one send to. */
export const WITNESS_RELAYS = 3;
/** Of whom a count is: the direct way, and each relay. */
export const WITNESS_PLACES = 1 + WITNESS_RELAYS;

export interface WitnessHello {
  /** 16 hex digits, of the end that sends this: every packet to its addresses carries them. */
  readonly token: string;
  /** A socket of its own that sends to nobody but STUN servers, as they see it; null where none answered. */
  readonly ear: string | null;
  /** The socket that it sends from. */
  readonly mouth: string | null;
  /** Relayed addresses of its own. */
  readonly relays: readonly string[];
  /** Whether a call can be made there. */
  readonly call: boolean;
}

/**
 * What two ends that witness for each other say, in this order. A phase is a round of packets: nobody goes on to the next
 * before both have told what they sent.
 */
export type WitnessMessage = { readonly type: 'witness' } & (
  | { readonly step: 'ready' }
  | ({ readonly step: 'hello' } & WitnessHello)
  | { readonly step: 'sent'; readonly phase: number; readonly counts: readonly number[] }
  | ({ readonly step: 'heard' } & WitnessHeard)
  | { readonly step: 'verdict'; readonly nat: WitnessNat | null }
);

/** What came to the mouth of an end. */
export interface WitnessHeard {
  readonly counts: readonly number[];
  /** Where each came from. */
  readonly from: readonly (string | null)[];
  /** Of the direct way, once its source was known. */
  readonly answered: number;
  /** Where the ear heard the other's mouth from. */
  readonly ear: string | null;
}

/** Reads one field by field; undefined where one is wrong. What is unknown is left out. */
export function readWitness(value: Readonly<Record<string, unknown>>): WitnessMessage | undefined {
  const { step, token, ear, mouth, relays, call, phase, counts, from, answered, nat } = value;
  const type = 'witness';
  switch (step) {
    case 'ready':
      return { type, step };
    case 'hello':
      if (typeof token !== 'string' || !/^[0-9a-f]{16}$/.test(token) || typeof call !== 'boolean') return undefined;
      if (!isPlace(ear) || !isPlace(mouth)) return undefined;
      if (!isList(relays, WITNESS_RELAYS) || !relays.every((each) => each !== null && isPlace(each))) return undefined;
      return { type, step, token, ear, mouth, relays: relays as readonly string[], call };
    case 'sent':
      return isCounts(counts) && isCount(phase) && phase <= 3 ? { type, step, phase, counts } : undefined;
    case 'heard':
      if (!isCounts(counts) || !isCount(answered) || !isPlace(ear)) return undefined;
      if (!isList(from, WITNESS_PLACES) || !from.every(isPlace)) return undefined;
      return { type, step, counts, from, answered, ear };
    case 'verdict': {
      const read = nat === null ? null : readNat(nat);
      return read === undefined ? undefined : { type, step, nat: read };
    }
    default:
      return undefined;
  }
}

function readNat(value: unknown): WitnessNat | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { mapping, filtering, hairpinning, mappedAddress } = value as Readonly<Record<string, unknown>>;
  const known = MAPPINGS.find((each) => each === mapping);
  const filters = BEHAVIOURS.find((each) => each === filtering);
  const isAddress = mappedAddress === null || (typeof mappedAddress === 'string' && mappedAddress.length < 64);
  if (known === undefined || filters === undefined || !isAddress) return undefined;
  const hairpins = typeof hairpinning === 'boolean' ? hairpinning : null;
  return { mapping: known, filtering: filters, hairpinning: hairpins, mappedAddress };
}

function isPlace(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && value.length < 64 && parseSocketAddress(value) !== undefined);
}

function isCounts(value: unknown): value is readonly number[] {
  return isList(value, WITNESS_PLACES) && value.every(isCount);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= WITNESS_PACKETS;
}

function isList(value: unknown, most: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= most;
}
