import type { Family } from '../address.ts';
import type { SenderRelation } from './filtering.ts';

export type NatTestKind = 'mapping' | 'stability' | 'filtering' | 'hairpin' | 'lifetime' | 'tcp-mapping' | 'gateway';

/** One question put to the NAT and what came of it. The verdicts are a function of these alone (`core/nat/verdict`). */
export interface NatTest {
  readonly type: 'nat-test';
  readonly test: NatTestKind;
  readonly interface: string | null;
  readonly family: Family;
  /** Address and port of our socket. */
  readonly local: string;
  /** Where we sent to; for filtering, who was to send to us. */
  readonly destination: string;
  readonly answerFrom: string | null;
  /** XOR-MAPPED-ADDRESS, or the source that the relay saw. */
  readonly mappedAddress: string | null;
  /** MAPPED-ADDRESS where it says something else: somebody rewrites addresses in packets (an ALG). */
  readonly plainMappedAddress?: string;
  /** How often it was asked. */
  readonly tries: number;
  readonly outcome: 'yes' | 'no' | 'not-determined';
  readonly via: 'stun' | 'rfc5780' | 'relay' | 'nat-pmp' | 'upnp' | 'peer';
  /** Filtering: how the sender stands to whom we sent to. */
  readonly sender?: SenderRelation;
  /** Filtering: the probability that mere loss explains the silence. */
  readonly doubt?: number;
  /** Lifetime: seconds without traffic before the question. */
  readonly idleSeconds?: number;
  /** Gateway: its address on the outside, as it says itself. */
  readonly externalAddress?: string;
  readonly rttMs?: number;
  readonly note?: string;
}
