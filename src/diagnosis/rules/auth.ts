import { readRestUsername } from '../../core/stun/rest-credentials.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { View } from '../view.ts';
import { showAge } from './config-credentials.ts';
import { evidenceOf, type FailedTarget, failedTargets, groupBy, urlsOf } from './targets.ts';

export const authRules: readonly Rule[] = [badCredentials, expired];

/** 401 after MESSAGE-INTEGRITY was sent with a fresh nonce; pion's library says 400 instead. */
function badCredentials(view: View): Conclusion[] {
  const rejected = failedTargets(view, isRejected).filter((target) => !isExpired(view, target));
  return byAccount(rejected).map((group) => {
    const [target] = group;
    const { data } = target.failure.stage;
    return {
      id: 'auth.bad-credentials',
      subject: target.url,
      urls: urlsOf(group),
      confidence: data.errorCode === 401 ? 'certain' : 'likely',
      params: {
        username: target.entry?.username ?? '',
        errorCode: data.errorCode ?? null,
        reason: data.reason ?? '',
        realm: data.realm ?? '',
        software: data.software ?? '',
        tookMs: target.failure.stage.ms,
        rest: readRestUsername(target.entry?.username ?? '') !== undefined,
      },
      ruledOut: ['unreachable-server', 'stale-nonce', ...(isRest(target) ? (['expired-credential'] as const) : [])],
      evidence: evidenceOf(view, group),
    };
  });
}

function expired(view: View): Conclusion[] {
  const rejected = failedTargets(view, isRejected).filter((target) => isExpired(view, target));
  return byAccount(rejected).map((group) => {
    const [target] = group;
    const now = Date.parse(view.observation.startedAt) / 1000;
    const expiresAt = readRestUsername(target.entry?.username ?? '')?.expiresAt ?? now;
    const server = target.failure.stage.data.serverTime;
    const serverAgrees = typeof server === 'number' && server > expiresAt;
    return {
      id: 'auth.expired',
      subject: target.url,
      urls: urlsOf(group),
      confidence: serverAgrees ? 'certain' : 'likely',
      params: {
        username: target.entry?.username ?? '',
        expiredAt: new Date(expiresAt * 1000).toISOString().replace('.000Z', 'Z'),
        ago: showAge(now - expiresAt),
        errorCode: target.failure.stage.data.errorCode ?? null,
        serverAgrees,
      },
      ruledOut: ['unreachable-server', 'stale-nonce', ...(serverAgrees ? (['client-clock'] as const) : [])],
      evidence: evidenceOf(view, group),
    };
  });
}

/** The server looked at the credential and refused it: 401, or 400 from servers built on pion's library. */
export function isRejected({ failure }: FailedTarget): boolean {
  const { cause, errorCode, authenticated } = failure.stage.data;
  return cause === 'stun-error' && authenticated === true && (errorCode === 401 || errorCode === 400);
}

function isRest(target: FailedTarget): boolean {
  return readRestUsername(target.entry?.username ?? '') !== undefined;
}

function isExpired(view: View, target: FailedTarget): boolean {
  const rest = readRestUsername(target.entry?.username ?? '');
  if (rest === undefined || rest.reversed || rest.unit === 'milliseconds') return false;
  return rest.expiresAt * 1000 < Date.parse(view.observation.startedAt);
}

/** One account on one server is one credential, however many URLs use it. */
function byAccount(targets: readonly FailedTarget[]): [FailedTarget, ...FailedTarget[]][] {
  return groupBy(targets, (target) => `${target.uri?.host ?? target.address} ${target.entry?.username ?? ''}`);
}
