import { addressKind } from '../../core/address.ts';
import type { Stage, StageData } from '../../core/attempt.ts';
import { type RestUsername, readRestUsername } from '../../core/stun/rest-credentials.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { passed, stageOf, type Target, type View } from '../view.ts';
import { showAge } from './config-credentials.ts';
import {
  endpointOf,
  evidenceOf,
  type FailedTarget,
  failedTargets,
  failedWith,
  groupBy,
  placeOf,
  unique,
  urlsOf,
} from './targets.ts';

export const authRules: readonly Rule[] = [
  rejectedCredentials,
  emptyRealm,
  nonceLoop,
  badResponseIntegrity,
  openRelay,
  clockSkew,
];

/** 401 after MESSAGE-INTEGRITY was sent with a fresh nonce (400 from servers built on pion): which of the reasons it is. */
function rejectedCredentials(view: View): Conclusion[] {
  return groupBy(failedTargets(view, isRejected), accountOf).map((group) => {
    const [target] = group;
    const rest = readRestUsername(target.entry?.username ?? '');
    const common = { subject: target.url, urls: urlsOf(group), evidence: evidenceOf(view, group) };
    if (rest?.reversed === true) return { ...common, ...reversed(target, rest) };
    if (rest?.unit === 'seconds' && rest.expiresAt * 1000 < Date.parse(view.observation.startedAt)) {
      return { ...common, ...expired(view, target, rest) };
    }
    return { ...common, ...badCredentials(target, rest) };
  });
}

type Judged = Pick<Conclusion, 'id' | 'confidence' | 'params' | 'ruledOut'>;

function badCredentials(target: FailedTarget, rest: RestUsername | undefined): Judged {
  const { data, ms } = target.failure.stage;
  return {
    id: 'auth.bad-credentials',
    confidence: data.errorCode === 401 ? 'certain' : 'likely',
    params: {
      username: target.entry?.username ?? '',
      errorCode: data.errorCode ?? null,
      reason: data.reason ?? '',
      realm: realmOf(target) ?? '',
      software: data.software ?? '',
      tookMs: ms,
      rest: rest !== undefined,
    },
    ruledOut: ['unreachable-server', 'stale-nonce', ...(rest === undefined ? [] : (['expired-credential'] as const))],
  };
}

function expired(view: View, target: FailedTarget, rest: RestUsername): Judged {
  const now = Date.parse(view.observation.startedAt) / 1000;
  const server = serverTimeOf(target, now);
  const serverAgrees = server !== undefined && server > rest.expiresAt;
  return {
    id: 'auth.expired',
    confidence: serverAgrees ? 'certain' : 'likely',
    params: {
      username: target.entry?.username ?? '',
      expiredAt: new Date(rest.expiresAt * 1000).toISOString().replace('.000Z', 'Z'),
      ago: showAge(now - rest.expiresAt),
      errorCode: target.failure.stage.data.errorCode ?? null,
      serverAgrees,
    },
    ruledOut: ['unreachable-server', 'stale-nonce', ...(serverAgrees ? (['client-clock'] as const) : [])],
  };
}

/** `user:timestamp`: coturn reads that order too, others find no expiry in it (coturn#452). */
function reversed(target: FailedTarget, rest: RestUsername): Judged {
  const username = target.entry?.username ?? '';
  return {
    id: 'auth.wrong-mechanism',
    confidence: 'possible',
    params: {
      username,
      errorCode: target.failure.stage.data.errorCode ?? null,
      corrected: `${Math.floor(rest.expiresAt)}:${rest.user ?? 'user'}`,
    },
    ruledOut: ['unreachable-server', 'stale-nonce'],
  };
}

/** The challenge has no REALM, or an empty one: Firefox goes on, Chromium does not (webrtc/samples#1227). */
function emptyRealm(view: View): Conclusion[] {
  const empty = view.targets.filter((target) =>
    target.attempts.some((attempt) =>
      attempt.stages.some(
        ({ data }) => data.refusal === 'missing-realm' || (data.errorCode === 401 && data.realm === ''),
      ),
    ),
  );
  return groupBy(empty, placeOf).map((group) => {
    const [target] = group;
    const [attempt] = target.attempts;
    const missing = target.attempts.some(({ stages }) => stages.some(({ data }) => data.refusal === 'missing-realm'));
    return {
      id: 'auth.empty-realm',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'certain',
      params: { endpoint: endpointOf(target), missing, empty: !missing },
      ruledOut: ['unreachable-server'],
      evidence:
        attempt === undefined
          ? []
          : [...view.evidence.ofStage(attempt, 'challenge'), ...view.evidence.ofStage(attempt, 'allocate')],
    };
  });
}

/** 438 to a nonce that had just been given, again and again (coturn#500). */
function nonceLoop(view: View): Conclusion[] {
  // Of a relay that stands too: a balancer may lead any request elsewhere.
  const looping = view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) => {
      const stage = attempt.stages.find(isNonceLoop);
      return stage === undefined ? [] : [{ target, attempt, stage }];
    }),
  );
  return groupBy(looping, (each) => accountOf(each.target)).map((group) => {
    const [{ target, attempt, stage }] = group;
    const mapped = unique(
      target.attempts.flatMap(({ stages }) => stages.flatMap(({ data }) => data.mappedAddress ?? [])),
    );
    return {
      id: 'auth.nonce-loop',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: 'certain',
      params: {
        endpoint: endpointOf(target),
        times: stage.data.staleNonces ?? null,
        mapped: mapped.length > 1 ? mapped : [],
        software: stage.data.software ?? '',
      },
      ruledOut: ['network-path'],
      evidence: view.evidence.ofStage(attempt, stage.stage),
    };
  });
}

export function isNonceLoop({ status, data: { refusal, errorCode, staleNonces = 0 } }: Stage): boolean {
  return status === 'fail' && (refusal === 'nonce-loop' || (errorCode === 438 && staleNonces >= 2));
}

/** The answer's MESSAGE-INTEGRITY is wrong or missing: the key differs, or something changes packets on the way. */
function badResponseIntegrity(view: View): Conclusion[] {
  return groupBy(failedWith(view, 'bad-integrity'), accountOf).map((group) => {
    const [target] = group;
    return {
      id: 'auth.bad-response-integrity',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'certain',
      params: {
        endpoint: endpointOf(target),
        problem: target.failure.stage.data.problem ?? '',
        software: target.failure.stage.data.software ?? '',
      },
      ruledOut: ['unreachable-server'],
      evidence: evidenceOf(view, group),
    };
  });
}

/** An allocation without credentials, and data that crossed: anybody can use the relay, for anything. */
function openRelay(view: View): Conclusion[] {
  const open = view.targets.filter(
    (target) => addressKind(target.address) !== 'loopback' && target.attempts.some((attempt) => isOpen(attempt)),
  );
  return groupBy(open, placeOf).flatMap((group): Conclusion[] => {
    const [target] = group;
    const attempt = target.attempts.find((each) => isOpen(each));
    if (attempt === undefined) return [];
    return [
      {
        id: 'auth.open-relay',
        subject: target.url,
        urls: urlsOf(group),
        confidence: 'certain',
        params: { endpoint: endpointOf(target), relayed: stageOf(attempt, 'allocate')?.data.relayedAddress ?? null },
        evidence: [...view.evidence.ofStage(attempt, 'allocate'), ...view.evidence.ofStage(attempt, 'relay-data')],
      },
    ];
  });
}

function isOpen(attempt: Target['attempts'][number]): boolean {
  const allocate = stageOf(attempt, 'allocate');
  return passed(attempt, 'allocate') && allocate?.data.authenticated === false && passed(attempt, 'relay-data');
}

const SKEW_SECONDS = 60;

/** The server's nonce begins with its clock, as coturn's do from 4.17 on: one clock against another. */
function clockSkew(view: View): Conclusion[] {
  const now = Date.parse(view.observation.startedAt) / 1000;
  const clocks = view.targets.flatMap((target) => {
    const time = serverTimeOf(target, now);
    return time === undefined || Math.abs(time - now) <= SKEW_SECONDS ? [] : [{ target, skew: Math.round(time - now) }];
  });
  // Without an expiry to be judged by it, the clock matters to nobody.
  const relevant = clocks.filter(({ target }) => readRestUsername(target.entry?.username ?? '') !== undefined);
  return groupBy(relevant, ({ target }) => target.address).map((group) => {
    const [{ target, skew }] = group;
    return {
      id: 'auth.clock-skew',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: 'possible',
      params: {
        host: target.address,
        skew: showAge(Math.abs(skew)),
        behind: skew < 0,
        ahead: skew > 0,
        skewSeconds: skew,
      },
      evidence: target.attempts.flatMap((attempt) => view.evidence.ofStage(attempt, 'challenge')),
    };
  });
}

const WEEK_SECONDS = 7 * 86_400;

/**
 * By `serverTime`, or by a nonce that begins with eight hex digits of a time within a week of ours: of random nonces one in
 * 3,500 would.
 */
export function serverTimeOf(target: Target, now: number): number | undefined {
  const datas: StageData[] = target.attempts.flatMap(({ stages }) => stages.map(({ data }) => data));
  const told = datas.find(({ serverTime }) => serverTime !== undefined)?.serverTime;
  if (told !== undefined) return told;
  const nonce = datas.find((data) => data.nonce !== undefined)?.nonce;
  const digits = /^[0-9a-f]{8}/i.exec(nonce ?? '')?.[0];
  const time = digits === undefined ? Number.NaN : Number.parseInt(digits, 16);
  return Math.abs(time - now) < WEEK_SECONDS ? time : undefined;
}

/** The server looked at the credential and refused it: 401, or 400 from servers built on pion's library. */
export function isRejected({ failure }: FailedTarget): boolean {
  const { cause, errorCode, authenticated, refusal } = failure.stage.data;
  if (refusal !== undefined && refusal !== 'rejected') return false;
  return cause === 'stun-error' && authenticated === true && (errorCode === 401 || errorCode === 400);
}

function realmOf(target: FailedTarget): string | undefined {
  const { attempt, stage } = target.failure;
  return stage.data.realm ?? stageOf(attempt, 'challenge')?.data.realm;
}

/** One account on one server is one credential, however many URLs use it. */
function accountOf(target: Target): string {
  return `${target.uri?.host ?? target.address} ${target.entry?.username ?? ''}`;
}
