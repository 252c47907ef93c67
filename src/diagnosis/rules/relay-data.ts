import { addressKind, isPrivateKind, parseSocketAddress } from '../../core/address.ts';
import type { OutsideWitness, RelayPortTried } from '../../core/attempt.ts';
import type { Attempt, RelayMeasurement } from '../../record/report.ts';
import type { Conclusion, Params } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { isLossy, mayBeChance, stageOf, type View } from '../view.ts';
import {
  count,
  type Direction,
  ENOUGH,
  isAlive,
  isDead,
  outsideOf,
  type Proof,
  proofs,
  relayEvents,
  weighedProofs,
} from './relay-proofs.ts';
import { unique } from './targets.ts';

/**
 * Data through the relay, asked in three directions. Peer first: we send to the relayed address before it ever sent to us.
 * Relay to peer. Peer after relay. Which of them pass tells a firewall, a wrong address and a dead relay apart.
 */
export const relayDataRules: readonly Rule[] = [
  inboundBlocked,
  egressFiltered,
  noData,
  addressWrong,
  portRangeMismatch,
  bandwidthCapped,
];

function figures({ target, relay, proof, outside }: Proof): Params {
  const ports = proof?.ports ?? [];
  return {
    relayed: relay.address,
    port: relay.port,
    server: target.address,
    portsTried: ports.length || 1,
    lowestPort: ports.length > 1 ? Math.min(...ports.map(({ port }) => port)) : null,
    highestPort: ports.length > 1 ? Math.max(...ports.map(({ port }) => port)) : null,
    ...overPorts(relay, ports),
    egress: proof?.egressAddress ?? null,
    witness: proof?.witness ?? null,
    ...(outside === undefined
      ? {}
      : proof?.witness === 'outside'
        ? { elsewhere: true }
        : { outside: firstOf(outside) }),
  };
}

/** What came of somebody else's packets, sent before the relay had sent to him. */
function firstOf({ directions }: OutsideWitness): string | null {
  const first = directions.find(({ direction }) => direction === 'peer-first');
  return first === undefined ? null : shown(first);
}

/** What crossed in each direction, over all the ports that were tried. */
function overPorts(relay: RelayMeasurement, ports: readonly RelayPortTried[]): Params {
  const others = ports.filter(({ port, peerFirst }) => port !== relay.port && peerFirst !== undefined);
  const sum = (
    direction: Direction,
    of: (each: RelayPortTried) => Pick<RelayPortTried, 'sent' | 'received'>,
  ): string => {
    const all = [count(relay, direction), ...others.map(of)];
    const total = (key: 'sent' | 'received'): number => all.reduce((before, each) => before + each[key], 0);
    return `${total('received')}/${total('sent')}`;
  };
  return {
    peerFirst: sum('peer-first', ({ peerFirst }) => peerFirst ?? { sent: 0, received: 0 }),
    relayToPeer: sum('relay-to-peer', (each) => each),
    peerAfterRelay: sum('peer-after-relay', ({ received }) => ({ sent: received, received })),
  };
}

/** A stateful firewall drops new UDP to the relay ports: data flows only once the relay has spoken (livekit#3164). */
function inboundBlocked(view: View): Conclusion[] {
  return weighedProofs(view).flatMap((each): Conclusion[] => {
    const { target, attempt, relay, proof } = each;
    if (!isDead(relay, 'peer-first') || !isAlive(relay, 'peer-after-relay')) return [];
    // Between two allocations of one server nothing comes from outside: that its packets turn round says little.
    if (proof?.witness === 'relay') return [];
    // Other ports let new packets in: then it is a matter of ports.
    if (proof?.ports?.some(({ peerFirst }) => (peerFirst?.received ?? 0) > 0) === true) return [];
    const egress = egressOf(each);
    return [
      {
        id: 'relay.inbound-blocked',
        subject: target.url,
        urls: [target.url],
        confidence: confidenceOf(view, each),
        params: figures(each),
        ruledOut: [egressRuledOut(each), ...(egress === relay.address ? (['external-ip'] as const) : []), 'permission'],
        evidence: relayEvents(view, attempt),
      },
    ];
  });
}

function confidenceOf(view: View, { attempt, proof, outside }: Proof): Conclusion['confidence'] {
  if (proof?.witness === 'outside') {
    // It passes from here, and not from there: we may be on the server's side of the firewall, or the other end behind one.
    return proofs(view).some((own) => own.attempt === attempt && isAlive(own.relay, 'peer-first'))
      ? 'likely'
      : 'certain';
  }
  if (proof?.control === 'fail' && outside === undefined) return 'possible';
  return proof === undefined ? 'likely' : 'certain';
}

/** The same from two places is no matter of either. */
function egressRuledOut({ outside }: Proof): 'local-egress' | 'own-place' {
  return outside === undefined ? 'local-egress' : 'own-place';
}

/** Nothing of ours reaches the relay ports, and what is sent there from another place does: it is our own network. */
function egressFiltered(view: View): Conclusion[] {
  return proofs(view).flatMap((own): Conclusion[] => {
    const { target, attempt, relay, proof } = own;
    const { alive } = portsOf(own);
    if (!isDead(relay, 'peer-first') || alive.length > 0 || proof?.witness === 'relay') return [];
    const arrived = outsideOf(view, own)?.directions.find(({ direction }) => direction === 'peer-first');
    if (arrived === undefined || arrived.received === 0) return [];
    const { peerFirst } = figures(own);
    return [
      {
        id: 'net.egress-filtered',
        subject: target.url,
        urls: [target.url],
        // Each allocation has a port of its own: a firewall of the server's could open just the other end's.
        confidence: (proof?.ports?.length ?? 1) >= 3 && proof?.control !== 'fail' ? 'certain' : 'likely',
        params: { relayed: relay.address, ours: peerFirst ?? null, theirs: shown(arrived) },
        ruledOut: ['relay-ports'],
        evidence: relayEvents(view, attempt),
      },
    ];
  });
}

function shown({ sent, received }: { readonly sent: number; readonly received: number }): string {
  return `${received}/${sent}`;
}

/** Nothing crosses, or one direction never does. */
function noData(view: View): Conclusion[] {
  return weighedProofs(view).flatMap((each): Conclusion[] => {
    const { target, attempt, relay, proof } = each;
    const outDead = isDead(relay, 'relay-to-peer');
    // Who has not heard the relay does not send to it again.
    const isUnheard = outDead && count(relay, 'peer-after-relay').sent === 0;
    const inDead = isDead(relay, isUnheard ? 'peer-first' : 'peer-after-relay') && !isAlive(relay, 'peer-first');
    if (!outDead && !inDead) return [];
    if (isWrongAddress(each) || portsOf(each).alive.length > 0) return [];
    // Something of our own may be what drops the packets, or the server itself was gone by then: not determined.
    if (proof?.doubt !== undefined || isGone(attempt)) return [];
    const { control, betweenRelays } = proof ?? {};
    if (control === 'fail' && betweenRelays !== 'fail') return [];
    return [
      {
        id: 'relay.no-data',
        subject: target.url,
        urls: [target.url],
        confidence:
          isRepeating(view, attempt) || hasUnstableAddress(view, attempt) || carriesElsewhere(view, relay)
            ? 'possible'
            : control === 'pass' && betweenRelays === undefined
              ? 'certain'
              : 'likely',
        params: {
          ...figures(each),
          both: outDead && inDead,
          outward: outDead && !inDead,
          inward: inDead && !outDead,
        },
        ruledOut: [...(control === 'pass' ? [egressRuledOut(each)] : []), 'permission'],
        evidence: relayEvents(view, attempt),
      },
    ];
  });
}

/** Another port of the same relay passes data: it may be a matter of ports. */
function carriesElsewhere(view: View, { address, port }: RelayMeasurement): boolean {
  return proofs(view).some(
    ({ relay }) => relay.address === address && relay.port !== port && isAlive(relay, 'peer-after-relay'),
  );
}

/** Requests on the same way had to be sent again too: what drops them may drop the data. */
function isRepeating(view: View, attempt: Attempt): boolean {
  const repeated = view.evidence
    .ofAttempt(attempt)
    .filter((event) => event.type === 'stun-sent' && event.attempt === 2);
  return repeated.length >= 2;
}

/** Nothing came any more, not even the answer to giving the allocation back. */
function isGone(attempt: Attempt): boolean {
  const release = stageOf(attempt, 'release');
  return release?.status === 'fail' && release.data.cause !== 'stun-error';
}

/** Data comes from the relay, from another address than the one it advertises, and nothing sent to that one arrives. */
function addressWrong(view: View): Conclusion[] {
  return weighedProofs(view)
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
  return proofs(view).flatMap((each): Conclusion[] => {
    const { target, attempt, proof } = each;
    const { dead, alive, lostShare } = portsOf(each);
    if (dead.length === 0 || alive.length === 0) return [];
    // What loses most of the packets on every port, a limit on packets a second say, loses all on some.
    if (mayBeChance(lostShare, ENOUGH)) return [];
    // They may have met another address of ours: a pool, a second uplink; a single one what makes packets be lost elsewhere.
    if (hasUnstableAddress(view, attempt) || (dead.length === 1 && isLossy(view, attempt))) return [];
    return [
      {
        id: 'relay.port-range-mismatch',
        subject: target.url,
        urls: [target.url],
        confidence: dead.length >= 3 ? 'certain' : dead.length === 2 ? 'likely' : 'possible',
        params: { dead, alive, tried: dead.length + alive.length },
        ruledOut: [...(proof?.control === 'pass' ? (['local-egress'] as const) : []), 'permission'],
        evidence: relayEvents(view, attempt),
      },
    ];
  });
}

/** Seen by discovery, or by servers that were told of by attempts from the same address of ours. */
function hasUnstableAddress(view: View, { localAddress }: Attempt): boolean {
  const seen = view.targets.flatMap(({ attempts }) =>
    attempts
      .filter((each) => each.localAddress === localAddress)
      .flatMap(({ stages }) => stages.map(({ data }) => parseSocketAddress(data.mappedAddress ?? '')?.address)),
  );
  const outside = unique(seen.filter((each) => each?.includes('.') && !isPrivateKind(addressKind(each))));
  return outside.length > 1 || (view.observation.nat ?? []).some(({ unstable }) => unstable === true);
}

interface Ports {
  readonly dead: readonly number[];
  readonly alive: readonly number[];
  /** Of the packets to and from the ports that are alive. */
  readonly lostShare: number;
}

/** Ports by what they let through, each once, in order: dead is one that passes nothing, or nothing new from outside. */
function portsOf({ proof }: Proof): Ports {
  const tried = (proof?.ports ?? []).filter(({ sent }) => sent >= ENOUGH);
  const fresh = ({ peerFirst }: RelayPortTried): number | undefined =>
    peerFirst === undefined || peerFirst.sent < ENOUGH ? undefined : peerFirst.received;
  const open = tried.filter((each) => each.received > 0 && fresh(each) !== 0);
  const alive = unique(open.map(({ port }) => port));
  // A port that lets in what comes unasked is open: what we sent through it may be lost on the way to the server.
  const isShut = (each: RelayPortTried): boolean => (fresh(each) ?? each.received) === 0;
  const dead = unique(tried.filter(isShut).map(({ port }) => port)).filter((port) => !alive.includes(port));
  const sum = (key: 'sent' | 'received'): number => open.reduce((before, each) => before + each[key], 0);
  const sorted = (list: readonly number[]): number[] => list.toSorted((a, b) => a - b);
  return { dead: sorted(dead), alive: sorted(alive), lostShare: 1 - sum('received') / sum('sent') };
}

function bandwidthCapped(view: View): Conclusion[] {
  return proofs(view).flatMap(({ target, attempt }): Conclusion[] => {
    const { offeredKbps: offered = 0, deliveredKbps: delivered = 0 } = stageOf(attempt, 'rate')?.data.rate ?? {};
    // A tenth is within what bursts and headers explain; the relay must have delivered something. A path that loses as much
    // at any rate caps nothing.
    if (delivered <= 0 || delivered >= 0.9 * offered || isLossy(view, attempt)) return [];
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
