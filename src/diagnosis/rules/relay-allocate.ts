import { addressKind, isPrivateKind, parseSocketAddress } from '../../core/address.ts';
import type { FindingId } from '../catalogue.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { isLossy, passed, stageOf, type Target, type View } from '../view.ts';
import {
  endpointOf,
  evidenceOf,
  type FailedTarget,
  failedTargets,
  failedWith,
  groupBy,
  hostOf,
  placeOf,
  urlsOf,
} from './targets.ts';

/** What the server said to Allocate. */
export const relayAllocateRules: readonly Rule[] = [
  notTurn,
  refusedAllocate,
  privateAddress,
  redirected,
  redirectLoop,
  slowAllocate,
];

/** STUN answers, Allocate is unknown: silence, or 400, 403 or 420 to the very first one. */
function notTurn(view: View): Conclusion[] {
  const strangers = failedTargets(view, (target) => isTurnUrl(target) && refusesAllocate(view, target));
  return groupBy(strangers, placeOf).map((group) => {
    const [target] = group;
    const { data, ms } = target.failure.stage;
    const silent = data.cause === 'timeout';
    return {
      id: 'relay.not-turn',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'likely',
      params: {
        endpoint: endpointOf(target),
        transport: target.transport.toUpperCase(),
        errorCode: data.errorCode ?? null,
        reason: data.reason ?? '',
        silent,
        waitedMs: ms,
        requests: data.requestsSent ?? 1,
        software: data.software ?? '',
      },
      ruledOut: ['network-path', ...(silent && target.transport === 'udp' ? (['loss'] as const) : [])],
      evidence: evidenceOf(view, group),
    };
  });
}

function isTurnUrl(target: Target): boolean {
  return target.uri?.scheme === 'turn' || target.uri?.scheme === 'turns';
}

function refusesAllocate(view: View, target: FailedTarget): boolean {
  const { stage } = target.failure;
  if (stage.stage !== 'challenge' && stage.stage !== 'allocate') return false;
  const { cause, errorCode, authenticated } = stage.data;
  if (authenticated === true || passed(target.failure.attempt, 'challenge')) return false;
  // An error response to Allocate is an answer in STUN already; silence needs another proof that STUN is spoken there.
  if (cause === 'stun-error') return [400, 403, 420].includes(errorCode ?? 0);
  const sent = stage.data.requestsSent ?? 0;
  const enough = target.transport !== 'udp' || sent >= view.thresholds.sendsForSilence;
  return (cause === 'timeout' || cause === 'closed' || cause === 'reset') && enough && answersBinding(view, target);
}

/** By this URL or another one with the same address, port and transport. */
function answersBinding(view: View, target: FailedTarget): boolean {
  return view.everything.some(
    (other) => placeOf(other) === placeOf(target) && other.attempts.some((attempt) => passed(attempt, 'binding')),
  );
}

const REFUSALS: Readonly<Record<number, FindingId>> = {
  437: 'relay.mismatch',
  440: 'relay.family-unsupported',
  442: 'relay.udp-unsupported',
  443: 'relay.family-unsupported',
  486: 'relay.quota',
  508: 'relay.capacity',
};

/** An error code that says by itself what it is (RFC 8656 19.1). */
function refusedAllocate(view: View): Conclusion[] {
  const refused = view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) => {
      const stage = attempt.stages.findLast(
        (each) =>
          each.stage === 'allocate' &&
          each.data.cause === 'stun-error' &&
          REFUSALS[each.data.errorCode ?? 0] !== undefined,
      );
      // A 437 that another port mended is a normal event.
      const mended = passed(attempt, 'allocate') && stage?.data.errorCode === 437;
      return stage === undefined || mended || stage.status === 'skip' ? [] : [{ target, attempt, stage }];
    }),
  );
  return groupBy(refused, ({ target, stage }) => `${stage.data.errorCode} ${hostOf(target)}`).map((group) => {
    const [{ target, attempt, stage }] = group;
    const id = REFUSALS[stage.data.errorCode ?? 0] ?? 'relay.quota';
    // No browser asks for a family: a relay of the other one is all that a call needs.
    const harmless = id === 'relay.family-unsupported' && group.every((each) => each.target.outcome === 'works');
    return {
      id,
      ...(harmless
        ? { severity: 'info' }
        : group.every((each) => each.target.outcome === 'fails')
          ? { severity: 'error' }
          : {}),
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: 'certain',
      params: {
        endpoint: endpointOf(target),
        errorCode: stage.data.errorCode ?? null,
        reason: stage.data.reason ?? '',
        family: target.family,
        username: target.entry?.username ?? '',
        software: stage.data.software ?? '',
      },
      ruledOut: ['network-path'],
      evidence: view.evidence.ofStage(attempt, 'allocate'),
    };
  });
}

/** A server on the internet that relays from an address that nobody on the internet can reach (coturn#1474). */
function privateAddress(view: View): Conclusion[] {
  const wrong = view.targets.filter((target) => {
    const relayed = relayedAddressOf(target);
    return relayed !== undefined && isPrivateKind(addressKind(relayed)) && !isPrivateKind(addressKind(target.address));
  });
  return groupBy(wrong, (target) => `${target.address} ${relayedAddressOf(target)}`).map((group) => {
    const [target] = group;
    const attempt = target.attempts.find((each) => passed(each, 'allocate'));
    return {
      id: 'relay.private-address',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'certain',
      params: {
        server: target.address,
        relayed: relayedAddressOf(target) ?? null,
        kind: addressKind(relayedAddressOf(target) ?? ''),
      },
      evidence: attempt === undefined ? [] : view.evidence.ofStage(attempt, 'allocate'),
    };
  });
}

function relayedAddressOf(target: Target): string | undefined {
  const text = target.attempts
    .map((attempt) => stageOf(attempt, 'allocate')?.data.relayedAddress)
    .find((relayed) => relayed !== undefined);
  return text === undefined ? undefined : parseSocketAddress(text)?.address;
}

function redirected(view: View): Conclusion[] {
  const sent = view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) => {
      const stage = attempt.stages.find(
        (each) => each.data.errorCode === 300 && each.data.alternateServer !== undefined,
      );
      return stage === undefined || stage.data.cause === 'redirect-loop'
        ? []
        : [{ target, attempt, to: stage.data.alternateServer }];
    }),
  );
  return groupBy(sent, ({ target, to }) => `${hostOf(target)} ${to}`).map((group) => {
    const [{ target, attempt, to }] = group;
    return {
      id: 'relay.redirected',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: 'certain',
      params: { endpoint: endpointOf(target), to: to ?? null },
      evidence: view.evidence.ofStage(attempt, 'allocate'),
    };
  });
}

function redirectLoop(view: View): Conclusion[] {
  return groupBy(failedWith(view, 'redirect-loop'), hostOf).map((group) => {
    const [target] = group;
    return {
      id: 'relay.redirect-loop',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'certain',
      params: { endpoint: endpointOf(target), problem: target.failure.stage.data.problem ?? '' },
      ruledOut: ['network-path'],
      evidence: evidenceOf(view, group),
    };
  });
}

/** Challenge and allocation together, beyond what the round trip accounts for. */
function slowAllocate(view: View): Conclusion[] {
  const slow = view.targets.flatMap((target) => {
    const times = target.attempts
      // Where packets are lost, it is the repeating that takes the time.
      .filter((attempt) => passed(attempt, 'allocate') && !isLossy(view, attempt))
      .map((attempt) => {
        const stages = attempt.stages.filter(({ stage }) => stage === 'challenge' || stage === 'allocate');
        const rtt = Math.min(...attempt.stages.flatMap(({ data }) => data.rttMs ?? []), Number.POSITIVE_INFINITY);
        return { attempt, tookMs: stages.reduce((sum, { ms }) => sum + ms, 0), rtt };
      });
    const best = times.toSorted((a, b) => a.tookMs - b.tookMs)[0];
    return best !== undefined && best.tookMs > view.thresholds.allocateMs ? [{ target, ...best }] : [];
  });
  return groupBy(slow, ({ target }) => hostOf(target)).map((group) => {
    const [{ target, attempt, tookMs, rtt }] = group;
    return {
      id: 'relay.slow-allocate',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      // A busy machine of ours takes time as well.
      confidence: 'likely',
      params: {
        endpoint: endpointOf(target),
        tookMs,
        limitMs: view.thresholds.allocateMs,
        rttMs: Number.isFinite(rtt) ? rtt : null,
        requests: stageOf(attempt, 'allocate')?.data.requestsSent ?? null,
      },
      evidence: view.evidence.ofStage(attempt, 'allocate'),
    };
  });
}
