import { parseSocketAddress } from '../../core/address.ts';
import type { RelayProof } from '../../core/attempt.ts';
import type { Attempt, RelayMeasurement } from '../../record/report.ts';
import type { Conclusion, Params } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { stageOf, type Target, type View } from '../view.ts';

/**
 * Data through the relay, asked in three directions. Peer first: we send to the relayed address before it ever sent to us.
 * Relay to peer. Peer after relay. Which of them pass tells a firewall, a wrong address and a dead relay apart.
 */
export const relayDataRules: readonly Rule[] = [
  inboundBlocked,
  noData,
  addressWrong,
  portRangeMismatch,
  bandwidthCapped,
  idleClosed,
];

interface Proof {
  readonly target: Target;
  readonly attempt: Attempt;
  readonly relay: RelayMeasurement;
  readonly proof: RelayProof | undefined;
}

type Direction = RelayMeasurement['directions'][number]['direction'];

function proofs(view: View): Proof[] {
  return view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) => {
      const { relay } = attempt;
      return relay === undefined ? [] : [{ target, attempt, relay, proof: stageOf(attempt, 'relay-data')?.data.relay }];
    }),
  );
}

function count(relay: RelayMeasurement, direction: Direction): { readonly sent: number; readonly received: number } {
  return relay.directions.find((each) => each.direction === direction) ?? { sent: 0, received: 0 };
}

/** So many datagrams, and none of them: at 20 % loss that happens by chance once in ten million. */
const ENOUGH = 10;

function isDead(relay: RelayMeasurement, direction: Direction): boolean {
  const { sent, received } = count(relay, direction);
  return sent >= ENOUGH && received === 0;
}

function isAlive(relay: RelayMeasurement, direction: Direction): boolean {
  return count(relay, direction).received > 0;
}

function shown(relay: RelayMeasurement, direction: Direction): string {
  const { sent, received } = count(relay, direction);
  return `${received}/${sent}`;
}

function figures({ relay, proof }: Proof): Params {
  const ports = proof?.ports ?? [];
  return {
    relayed: relay.address,
    port: relay.port,
    portsTried: ports.length || 1,
    peerFirst: shown(relay, 'peer-first'),
    relayToPeer: shown(relay, 'relay-to-peer'),
    peerAfterRelay: shown(relay, 'peer-after-relay'),
    egress: proof?.egressAddress ?? null,
    witness: proof?.witness ?? null,
  };
}

/** A stateful firewall drops new UDP to the relay ports: data flows only once the relay has spoken (livekit#3164). */
function inboundBlocked(view: View): Conclusion[] {
  return proofs(view).flatMap((each): Conclusion[] => {
    const { target, attempt, relay, proof } = each;
    if (!isDead(relay, 'peer-first') || !isAlive(relay, 'peer-after-relay')) return [];
    // Between two allocations of one server nothing comes from outside: that its packets turn round says little.
    if (proof?.witness === 'relay') return [];
    const egress = proof?.egressAddress;
    return [
      {
        id: 'relay.inbound-blocked',
        subject: target.url,
        urls: [target.url],
        confidence: proof?.control === 'fail' ? 'possible' : proof === undefined ? 'likely' : 'certain',
        params: figures(each),
        ruledOut: ['local-egress', ...(egress === relay.address ? (['external-ip'] as const) : []), 'permission'],
        evidence: relayEvents(view, attempt),
      },
    ];
  });
}

/** Nothing crosses, or one direction never does. */
function noData(view: View): Conclusion[] {
  return proofs(view).flatMap((each): Conclusion[] => {
    const { target, attempt, relay, proof } = each;
    const outDead = isDead(relay, 'relay-to-peer');
    const inDead = isDead(relay, 'peer-after-relay');
    if (!outDead && !inDead) return [];
    if (isWrongAddress(each)) return [];
    // Without a witness that others can reach, our own NAT may be what drops the packets towards our peer.
    const doubtful =
      proof?.witness === 'second-socket' && behindStrictNat(view) && outDead && !isAlive(relay, 'peer-first');
    const control = proof?.control;
    if (control === 'fail') return [];
    return [
      {
        id: 'relay.no-data',
        subject: target.url,
        urls: [target.url],
        confidence: doubtful ? 'possible' : control === 'pass' ? 'certain' : 'likely',
        locus: doubtful ? 'unknown' : 'server',
        params: {
          ...figures(each),
          both: outDead && inDead,
          outward: outDead && !inDead,
          inward: inDead && !outDead,
        },
        ruledOut: [...(control === 'pass' ? (['local-egress'] as const) : []), 'permission'],
        evidence: relayEvents(view, attempt),
      },
    ];
  });
}

/** Data comes from the relay, from another address than the one it advertises, and nothing sent to that one arrives. */
function addressWrong(view: View): Conclusion[] {
  return proofs(view)
    .filter(isWrongAddress)
    .map((each) => ({
      id: 'relay.address-wrong',
      subject: each.target.url,
      urls: [each.target.url],
      confidence: 'certain',
      params: { ...figures(each), advertised: each.relay.address, real: egressOf(each) ?? null },
      ruledOut: ['local-egress', 'permission'],
      evidence: relayEvents(view, each.attempt),
    }));
}

function isWrongAddress(each: Proof): boolean {
  const egress = egressOf(each);
  return (
    egress !== undefined &&
    egress !== each.relay.address &&
    isAlive(each.relay, 'relay-to-peer') &&
    !isAlive(each.relay, 'peer-first') &&
    !isAlive(each.relay, 'peer-after-relay')
  );
}

function egressOf({ proof }: Proof): string | undefined {
  const text = proof?.egressAddress;
  return text === undefined ? undefined : (parseSocketAddress(text)?.address ?? text);
}

/** Some relay ports pass data, others never do: the firewall's range is not the server's (coturn#1619). */
function portRangeMismatch(view: View): Conclusion[] {
  return proofs(view).flatMap(({ target, attempt, proof }): Conclusion[] => {
    const ports = proof?.ports ?? [];
    const dead = ports.filter((each) => each.sent >= ENOUGH && each.received === 0).map(({ port }) => port);
    const alive = ports.filter((each) => each.received > 0).map(({ port }) => port);
    if (dead.length === 0 || alive.length === 0) return [];
    const sorted = (list: readonly number[]): number[] => list.toSorted((a, b) => a - b);
    // A clean cut, all the dead on one side of all the living, is a range; a mixture could be anything.
    const clean = Math.max(...alive) < Math.min(...dead) || Math.max(...dead) < Math.min(...alive);
    return [
      {
        id: 'relay.port-range-mismatch',
        subject: target.url,
        urls: [target.url],
        confidence: dead.length >= 2 || clean ? 'likely' : 'possible',
        params: { dead: sorted(dead), alive: sorted(alive), tried: ports.length },
        ruledOut: ['local-egress', 'permission'],
        evidence: relayEvents(view, attempt),
      },
    ];
  });
}

function bandwidthCapped(view: View): Conclusion[] {
  return proofs(view).flatMap(({ target, attempt, proof }): Conclusion[] => {
    const offered = proof?.offeredKbps ?? 0;
    const delivered = proof?.deliveredKbps ?? 0;
    // A tenth is within what bursts and headers explain; the relay must have delivered something.
    if (delivered <= 0 || delivered >= 0.9 * offered) return [];
    return [
      {
        id: 'relay.bandwidth-capped',
        subject: target.url,
        urls: [target.url],
        confidence: 'possible',
        params: { offeredKbps: offered, deliveredKbps: delivered },
        evidence: relayEvents(view, attempt),
      },
    ];
  });
}

/** The TCP or TLS leg dies in silence after idling: a load balancer's timeout. */
function idleClosed(view: View): Conclusion[] {
  return proofs(view).flatMap(({ target, attempt, proof }): Conclusion[] => {
    const idle = proof?.idle;
    if (idle === undefined || idle.alive || target.transport === 'udp') return [];
    return [
      {
        id: 'relay.idle-closed',
        subject: target.url,
        urls: [target.url],
        confidence: 'likely',
        params: { idleSeconds: idle.seconds, transport: target.transport.toUpperCase() },
        evidence: relayEvents(view, attempt),
      },
    ];
  });
}

function behindStrictNat(view: View): boolean {
  return (view.observation.nat ?? []).some(
    ({ mapping }) => mapping === 'address-and-port-dependent' || mapping === 'not-determined',
  );
}

function relayEvents(view: View, attempt: Attempt): Conclusion['evidence'] {
  return view.evidence.where((event) => event.type === 'relay-data' && event.attempt === attempt.id);
}
