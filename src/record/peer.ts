import { predict } from '../core/nat/prediction.ts';
import type { NatVerdict } from '../core/nat/verdict.ts';
import type { WitnessNat } from '../core/signaling/witness-message.ts';
import type { WitnessCount } from '../core/witness/types.ts';
import type { Call } from './calls.ts';

/** The other end of `--peer`, at the end of its testimony or where that broke off. */
export interface PeerMet {
  readonly type: 'peer';
  /** Its NAT, as it says itself. */
  readonly nat: WitnessNat | null;
  /** Packets from our socket to that of the other end and back, without a relay, both sending at once as ICE does. */
  readonly there: WitnessCount;
  readonly back: WitnessCount;
  /** Whether they crossed both ways; null where nobody could try. */
  readonly crossed: boolean | null;
  /** Why there is nothing to tell, or not all. */
  readonly problem: string | null;
}

/** Two ends that were each other's witness: what both NATs are, what was to be expected of a call, and what came. */
export interface PeerResult extends Omit<PeerMet, 'type'> {
  /** Whether the two connect without a relay, by what is known of their NATs. */
  readonly prediction: { readonly direct: 'yes' | 'no' | 'not-determined'; readonly reason: string };
  /** What a call came to; without one, what the packets did. */
  readonly outcome: 'direct' | 'relayed' | 'none' | 'not-determined';
  readonly by: 'call' | 'packets';
  /** null where either is not determined. */
  readonly agrees: boolean | null;
}

export function peerResult(
  { type: _, ...met }: PeerMet,
  nats: readonly NatVerdict[],
  calls: readonly Call[],
): PeerResult {
  const prediction = predictionOf(met.nat, nats);
  const [call] = calls.filter(({ path }) => path === 'any');
  const outcome = call === undefined ? crossedWord(met.crossed) : outcomeOf(call);
  const isKnown = prediction.direct !== 'not-determined' && outcome !== 'not-determined';
  const agrees = isKnown ? (prediction.direct === 'yes') === (outcome === 'direct') : null;
  return { ...met, prediction, outcome, by: call === undefined ? 'packets' : 'call', agrees };
}

function predictionOf(nat: WitnessNat | null, nats: readonly NatVerdict[]): PeerResult['prediction'] {
  const isFour = nat?.mappedAddress?.includes(':') !== true;
  const own = nats.find(({ family, mappedAddress }) => mappedAddress !== null && (family === 4) === isFour);
  if (nat !== null && own !== undefined) return predict(own, nat);
  const whose = nat === null ? "the other end's NAT" : 'our own NAT';
  return { direct: 'not-determined', reason: `nothing is known of ${whose}` };
}

function crossedWord(crossed: boolean | null): PeerResult['outcome'] {
  return crossed === null ? 'not-determined' : crossed ? 'direct' : 'none';
}

function outcomeOf({ outcome, selected }: Call): PeerResult['outcome'] {
  if (outcome === 'failed' || outcome === 'lost') return 'none';
  if (outcome !== 'connected' || selected === null) return 'not-determined';
  const isRelayed = selected.local.candidateType === 'relay' || selected.remote.candidateType === 'relay';
  return isRelayed ? 'relayed' : 'direct';
}
