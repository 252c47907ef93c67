import type { Attempt } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { bounded } from '../evidence.ts';
import { isLossy, mayBeChance, type Target, type View } from '../view.ts';
import { isDataLimited } from './net-rate.ts';
import { groupBy, hostOf, urlsOf } from './targets.ts';

/** How good the path is, in numbers. */
export const qualityRules: readonly Rule[] = [highLoss, highLatency, jitter, pathMtu];

/** Below this, a single lost datagram would be a percentage worth a warning. */
const ENOUGH_PACKETS = 20;

interface Measured {
  readonly target: Target;
  readonly attempt: Attempt;
}

function measured(view: View): Measured[] {
  return view.targets.flatMap((target) => target.attempts.map((attempt) => ({ target, attempt })));
}

function highLoss(view: View): Conclusion[] {
  return measured(view).flatMap(({ target, attempt }): Conclusion[] => {
    const { relay } = attempt;
    const asked = relay?.directions.filter(({ direction }) => direction !== 'peer-first') ?? [];
    const sent = asked.reduce((sum, each) => sum + each.sent, 0);
    const received = asked.reduce((sum, each) => sum + each.received, 0);
    const loss = relay?.lossPercent ?? 0;
    // Where a direction passes nothing at all, that is no loss: `relay.no-data` says so.
    const dead = asked.some((each) => each.sent > 0 && each.received === 0);
    if (sent < ENOUGH_PACKETS || loss <= view.thresholds.lossPercent || dead) return [];
    // A few lost of a few dozen prove nothing: a line that loses 2 % loses two of forty one time in six.
    if (tailProbability(sent - received, sent, view.thresholds.lossPercent / 100) > 0.05) return [];
    return [
      {
        id: 'net.high-loss',
        subject: target.url,
        urls: [target.url],
        // A busy machine of ours loses packets as well, or hears of them too late; and a stream loses none by itself.
        confidence: 'likely',
        params: { lossPercent: loss, sent, lost: sent - received, limitPercent: view.thresholds.lossPercent },
        evidence: relayEvents(view, attempt),
      },
    ];
  });
}

/** How probable it is that so many of `total` or more are lost, where each is lost with that probability (binomial). */
function tailProbability(lost: number, total: number, share: number): number {
  let probability = (1 - share) ** total;
  let below = 0;
  for (let count = 0; count < lost; count++) {
    below += probability;
    probability *= ((total - count) / (count + 1)) * (share / (1 - share));
  }
  return 1 - below;
}

/** By the quickest answer of the server: the slower ones may be its own. Through a relay to ourselves the way is twice as long. */
function highLatency(view: View): Conclusion[] {
  return groupBy(measured(view), ({ target }) => hostOf(target)).flatMap((group): Conclusion[] => {
    const answers = group.flatMap(({ attempt }) =>
      attempt.stages.flatMap((stage) => (stage.data.rttMs === undefined ? [] : [stage.data.rttMs])),
    );
    const relayed = group.flatMap(({ attempt }) => (attempt.relay?.rttMs ? [attempt.relay.rttMs.min / 2] : []));
    const values = [...answers, ...relayed];
    const best = Math.min(...values);
    if (values.length === 0 || best <= view.thresholds.rttMs) return [];
    const [{ target, attempt }] = group;
    return [
      {
        id: 'net.high-latency',
        subject: target.url,
        urls: urlsOf(group.map((each) => each.target)),
        // One or two answers may have been late on a busy machine.
        confidence: values.length >= 3 ? 'certain' : 'likely',
        params: { host: hostOf(target), rttMs: best, limitMs: view.thresholds.rttMs, relayed: relayed.length > 0 },
        evidence: answers.length === 0 ? relayEvents(view, attempt) : view.evidence.ofStage(attempt, 'binding'),
      },
    ];
  });
}

function jitter(view: View): Conclusion[] {
  return measured(view).flatMap(({ target, attempt }): Conclusion[] => {
    const value = attempt.relay?.jitterMs ?? 0;
    if (value <= view.thresholds.jitterMs) return [];
    return [
      {
        id: 'net.jitter',
        subject: target.url,
        urls: [target.url],
        // A busy machine of ours spreads the times as well.
        confidence: 'likely',
        params: { jitterMs: value, limitMs: view.thresholds.jitterMs, p95Ms: attempt.relay?.rttMs?.p95 ?? null },
        evidence: relayEvents(view, attempt),
      },
    ];
  });
}

/** Small datagrams cross, large ones do not, again and again: a black hole for what does not fit. */
function pathMtu(view: View): Conclusion[] {
  return groupBy(holesIn(view), ({ target }) => target.address).map((group) => {
    const [{ target, largest, smallest }] = group;
    return {
      id: 'net.path-mtu',
      subject: target.url,
      // A stream puts small pieces together until they do not fit either: what it loses has the same cause.
      urls: urlsOf(view.targets.filter(({ address }) => address === target.address)),
      confidence: 'likely',
      params: { largest, smallest, transport: target.transport.toUpperCase() },
      evidence: bounded(group.flatMap(({ attempt }) => relayEvents(view, attempt))),
    };
  });
}

/** Where measurements found one. */
export function holesIn(view: View): readonly (Measured & Hole)[] {
  return measured(view).flatMap((each) => {
    // A limit on bytes a second takes the large ones first; a stream stands still where packets are lost, and what was to
    // cross it meanwhile does not.
    const standsStill = each.attempt.transport !== 'udp' && isLossy(view, each.attempt);
    const hole = isDataLimited(view, each.target) || standsStill ? undefined : holeOf(each.attempt);
    return hole === undefined ? [] : [{ ...each, ...hole }];
  });
}

/** The largest payload that crosses and the smallest that does not, in bytes. */
interface Hole {
  readonly largest: number;
  readonly smallest: number;
}

function holeOf(attempt: Attempt): Hole | undefined {
  const sizes = attempt.stages.find((stage) => stage.stage === 'relay-data')?.data.relay?.sizes ?? [];
  const alive = sizes.filter((each) => each.received > 0 && each.received >= each.sent / 2).map((each) => each.size);
  // Asked twice: three packets alone may be late or lost together.
  const lost = (attempt.relay?.lossPercent ?? 0) / 100;
  const dead = sizes
    .filter((each) => each.sent >= 6 && each.received === 0 && !mayBeChance(lost, each.sent))
    .map((each) => each.size);
  const largest = Math.max(...alive);
  const smallest = Math.min(...dead);
  return alive.length === 0 || dead.length === 0 || largest >= smallest ? undefined : { largest, smallest };
}

function relayEvents(view: View, attempt: Attempt): Conclusion['evidence'] {
  return view.evidence.where((event) => event.type === 'relay-data' && event.attempt === attempt.id);
}
