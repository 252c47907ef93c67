import type { PermissionAsked } from '../../core/attempt.ts';
import type { Attempt, Stage, StageName } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { isLossy, passed, stageOf, type Target, type View } from '../view.ts';
import { isNonceLoop } from './auth.ts';
import { isDataLimited } from './net-rate.ts';
import { endpointOf, groupBy, hostOf, unique, urlsOf } from './targets.ts';

/** What a standing allocation still allows: permissions, channels, being kept alive. */
export const relayLaterRules: readonly Rule[] = [
  peerForbidden,
  openToPrivate,
  channelFails,
  refreshFails,
  featureFails,
];

interface Asked {
  readonly target: Target;
  readonly attempt: Attempt;
  readonly stage: StageName;
  readonly asked: PermissionAsked;
}

function permissions(view: View): Asked[] {
  return view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) =>
      (['permission', 'audit'] as const).flatMap((stage) =>
        (stageOf(attempt, stage)?.data.permissions ?? []).map((asked) => ({ target, attempt, stage, asked })),
      ),
    ),
  );
}

/** 403 for an address that a call would need; for private ones it is what a relay on the internet should say. */
function peerForbidden(view: View): Conclusion[] {
  const refused = permissions(view).filter(({ asked }) => !asked.granted && asked.errorCode === 403);
  return groupBy(refused, ({ target, asked }) => `${hostOf(target)} ${weight(asked)}`).map((group) => {
    const [{ target, attempt, stage, asked }] = group;
    return {
      id: 'relay.peer-forbidden',
      severity: weight(asked),
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: 'certain',
      params: {
        peers: unique(group.map((each) => each.asked.peer)),
        kinds: unique(group.map((each) => each.asked.kind)),
        own: asked.kind === 'own',
        server: asked.kind === 'server',
        expected: weight(asked) === 'info',
      },
      evidence: view.evidence.ofStage(attempt, stage),
    };
  });
}

/** Two clients behind one NAT, or two on one relay, need these. */
function weight(asked: PermissionAsked): 'error' | 'warning' | 'info' {
  if (asked.kind === 'own') return 'error';
  return asked.kind === 'server' || asked.kind === 'other' ? 'warning' : 'info';
}

/** Asked with `--audit` alone: the relay can be used to reach what stands behind the server's firewall. */
function openToPrivate(view: View): Conclusion[] {
  const open = permissions(view).filter(
    ({ asked }) => asked.granted && ['private', 'loopback', 'link-local', 'metadata'].includes(asked.kind),
  );
  return groupBy(open, ({ target }) => hostOf(target)).map((group) => {
    const [{ target, attempt, stage }] = group;
    const reached = group.filter(({ asked }) => asked.reached === true);
    return {
      id: 'relay.open-to-private',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: reached.length > 0 ? 'certain' : 'possible',
      params: {
        peers: unique(group.map((each) => each.asked.peer)),
        kinds: unique(group.map((each) => each.asked.kind)),
        reached: unique(reached.map((each) => each.asked.peer)),
      },
      evidence: view.evidence.ofStage(attempt, stage),
    };
  });
}

interface Failed {
  readonly target: Target;
  readonly attempt: Attempt;
  readonly stage: Stage;
}

function failedStages(view: View, name: StageName): Failed[] {
  return view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) => {
      const stage = stageOf(attempt, name);
      const failed = stage?.status === 'fail' && stage.data.cause !== 'not-run';
      return failed ? [{ target, attempt, stage }] : [];
    }),
  );
}

/** ChannelBind succeeds and ChannelData does not arrive, while indications do (or were not tried). */
function channelFails(view: View): Conclusion[] {
  return view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt): Conclusion[] => {
      const data = stageOf(attempt, 'channel')?.data.channelData;
      const crossed = attempt.relay?.directions.some((each) => each.direction === 'relay-to-peer' && each.received > 0);
      if (data === undefined || data.sent < 10 || data.received > 0 || crossed === false) return [];
      // A path that loses other data too has no need of a second cause.
      if (isLossy(view, attempt) || isDataLimited(view, target)) return [];
      return [
        {
          id: 'relay.channel-fails',
          subject: target.url,
          urls: [target.url],
          confidence: crossed === true ? 'certain' : 'likely',
          params: {
            endpoint: endpointOf(target),
            sent: data.sent,
            received: data.received,
            indications: crossed === true,
          },
          ruledOut: crossed === true ? ['relay-path'] : [],
          evidence: view.evidence.ofStage(attempt, 'channel'),
        },
      ];
    }),
  );
}

/** Refused, silent, or granted with lifetime 0: the call ends when the allocation does. */
function refreshFails(view: View): Conclusion[] {
  const zero = view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt): Failed[] => {
      const stage = stageOf(attempt, 'refresh');
      return stage?.data.lifetime === 0 ? [{ target, attempt, stage }] : [];
    }),
  );
  const refused = failedStages(view, 'refresh').filter(
    // Silence on a path that loses packets, or lets through so many a second, is what such a path does; only what the server
    // says is its own.
    ({ target, attempt, stage }) =>
      passed(attempt, 'allocate') &&
      (stage.data.errorCode !== undefined || !(isLossy(view, attempt) || isDataLimited(view, target))) &&
      // That has a name of its own.
      !isNonceLoop(stage),
  );
  const all = [...refused, ...zero.filter(({ attempt }) => !refused.some((each) => each.attempt === attempt))];
  return groupBy(all, ({ target }) => hostOf(target)).map((group) => {
    const [{ target, attempt, stage }] = group;
    return {
      id: 'relay.refresh-fails',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: stage.data.cause === 'timeout' && stage.data.lifetime !== 0 ? 'likely' : 'certain',
      params: {
        endpoint: endpointOf(target),
        zero: stage.data.lifetime === 0,
        problem: stage.data.lifetime === 0 ? null : stage.detail,
        lifetimeSeconds: stageOf(attempt, 'allocate')?.data.lifetime ?? null,
      },
      evidence: view.evidence.ofStage(attempt, 'refresh'),
    };
  });
}

/** With `--deep`: granted, and then not done. What a server says it lacks is no fault. */
function featureFails(view: View): Conclusion[] {
  const broken = view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) => {
      const features = (stageOf(attempt, 'deep')?.data.features ?? []).filter(({ works }) => works === false);
      return features.length === 0 ? [] : [{ target, attempt, features }];
    }),
  );
  return groupBy(broken, ({ target }) => hostOf(target)).map((group) => {
    const [{ target, attempt }] = group;
    const features = group.flatMap((each) => each.features);
    return {
      id: 'relay.feature-fails',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      // A port or a token is the server's own word; that bytes do not arrive may have other reasons.
      confidence: features.every(({ feature }) => feature === 'even-port') ? 'certain' : 'likely',
      params: {
        endpoint: endpointOf(target),
        features: unique(features.map(({ feature }) => feature)),
        told: unique(features.map(({ feature, detail }) => `${feature}: ${detail}`)).join('; '),
      },
      evidence: view.evidence.ofStage(attempt, 'deep'),
    };
  });
}
