import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { passed, type View } from '../view.ts';
import { endpointOf, evidenceOf, type FailedTarget, failedTargets, groupBy, placeOf, urlsOf } from './targets.ts';

export const relayRules: readonly Rule[] = [notTurn];

/** STUN answers, Allocate is unknown: silence, or 400, 403 or 420 to the very first one. */
function notTurn(view: View): Conclusion[] {
  const strangers = failedTargets(view, (target) => isTurnUrl(target) && refusesAllocate(view, target));
  return groupBy(strangers, placeOf).map((group) => {
    const [target] = group;
    const { data, ms } = target.failure.stage;
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
        silent: data.cause === 'timeout',
        waitedMs: ms,
        software: data.software ?? '',
      },
      ruledOut: ['network-path', ...(data.cause === 'timeout' ? (['loss'] as const) : [])],
      evidence: evidenceOf(view, group),
    };
  });
}

function isTurnUrl(target: FailedTarget): boolean {
  return target.uri?.scheme === 'turn' || target.uri?.scheme === 'turns';
}

function refusesAllocate(view: View, target: FailedTarget): boolean {
  const { stage } = target.failure;
  if (stage.stage !== 'challenge' && stage.stage !== 'allocate') return false;
  const { cause, errorCode, authenticated } = stage.data;
  // An error response to Allocate is an answer in STUN already; silence needs another proof that STUN is spoken there.
  if (cause === 'stun-error') return authenticated !== true && [400, 403, 420].includes(errorCode ?? 0);
  const sent = stage.data.requestsSent ?? 0;
  const enough = target.transport !== 'udp' || sent >= view.thresholds.sendsForSilence;
  return cause === 'timeout' && authenticated !== true && enough && answersBinding(view, target);
}

/** By this URL or another one with the same address, port and transport. */
function answersBinding(view: View, target: FailedTarget): boolean {
  return view.targets.some(
    (other) => placeOf(other) === placeOf(target) && other.attempts.some((attempt) => passed(attempt, 'binding')),
  );
}
