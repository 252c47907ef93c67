import { parseSocketAddress } from '../../core/address.ts';
import type { OutsideWitness, RelayProof } from '../../core/attempt.ts';
import type { Attempt, RelayMeasurement } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import { stageOf, type Target, type View } from '../view.ts';

export interface Proof {
  readonly target: Target;
  readonly attempt: Attempt;
  readonly relay: RelayMeasurement;
  readonly proof: RelayProof | undefined;
  /** Somebody at another place, who saw the same of it or who is the one that saw this. */
  readonly outside?: OutsideWitness;
}

export type Direction = RelayMeasurement['directions'][number]['direction'];

export function proofs(view: View): Proof[] {
  return view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) => {
      const { relay } = attempt;
      return relay === undefined ? [] : [{ target, attempt, relay, proof: stageOf(attempt, 'relay-data')?.data.relay }];
    }),
  );
}

export function count(
  relay: RelayMeasurement,
  direction: Direction,
): { readonly sent: number; readonly received: number } {
  return relay.directions.find((each) => each.direction === direction) ?? { sent: 0, received: 0 };
}

/** So many datagrams, and none of them: at 20 % loss that happens by chance once in ten million. */
export const ENOUGH = 10;

export function isDead(relay: RelayMeasurement, direction: Direction): boolean {
  const { sent, received } = count(relay, direction);
  return sent >= ENOUGH && received === 0;
}

export function isAlive(relay: RelayMeasurement, direction: Direction): boolean {
  return count(relay, direction).received > 0;
}

/**
 * Each proof, weighed against what somebody at another place saw of the same relay (`--peer`). Where only one of the two could
 * send to it, the outside is believed: what is between us and the relay is ours, or we are behind the server's firewall.
 */
export function weighedProofs(view: View): Proof[] {
  return proofs(view).map((own) => {
    const outside = outsideOf(view, own);
    if (outside === undefined) return own;
    const other = proofOf(own, outside, view);
    if (own.proof?.doubt !== undefined) return other;
    return isAlive(other.relay, 'peer-first') === isAlive(own.relay, 'peer-first') ? { ...own, outside } : other;
  });
}

/** Of the same relay, from somebody whose packets get out of his network. */
export function outsideOf(view: View, { relay }: Proof): OutsideWitness | undefined {
  const all = view.targets.flatMap(({ attempts }) =>
    attempts.flatMap((attempt) => stageOf(attempt, 'witness')?.data.outside ?? []),
  );
  const seen = all.find(({ relayedAddress }) => parseSocketAddress(relayedAddress)?.address === relay.address);
  const asked = seen?.directions.some(({ direction, sent }) => direction === 'peer-first' && sent >= ENOUGH);
  return seen?.isHeard === true && asked === true ? seen : undefined;
}

function proofOf(own: Proof, outside: OutsideWitness, view: View): Proof {
  const { directions, egressAddress } = outside;
  const mapping = view.observation.peer?.nat?.mapping;
  const isHeard = directions.some(({ direction, received }) => direction === 'peer-first' && received > 0);
  // A NAT that maps by destination hides where the relay would have to send, until something has come from there.
  const isKnown = isHeard || mapping === 'none' || mapping === 'endpoint-independent';
  const relay: RelayMeasurement = {
    address: own.relay.address,
    port: parseSocketAddress(outside.relayedAddress)?.port ?? own.relay.port,
    directions: directions.filter(({ direction }) => isKnown || direction !== 'relay-to-peer'),
    rttMs: null,
    jitterMs: null,
    lossPercent: null,
  };
  const proof: RelayProof = { witness: 'outside', control: 'pass', ...(egressAddress !== null && { egressAddress }) };
  return { ...own, relay, proof, outside };
}

export function relayEvents(view: View, attempt: Attempt): Conclusion['evidence'] {
  return view.evidence.where(
    (event) =>
      (event.type === 'relay-data' && event.attempt === attempt.id) ||
      (event.type === 'stage' && event.stage === 'witness' && event.attempt?.id === attempt.id),
  );
}
