import type { SoakResult } from '../../core/attempt.ts';
import type { Attempt } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { isLossy, stageOf, type Target, type View } from '../view.ts';
import { endpointOf, groupBy, hostOf, urlsOf } from './targets.ts';

/** What `--soak` shows: an allocation that ends in the middle of a call, a connection that does not outlive a pause. */
export const relaySoakRules: readonly Rule[] = [endsEarly, idleClosed];

interface Soaked {
  readonly target: Target;
  readonly attempt: Attempt;
  readonly soak: SoakResult;
}

function soaks(view: View): Soaked[] {
  return view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) => {
      const soak = stageOf(attempt, 'soak')?.data.soak;
      return soak === undefined ? [] : [{ target, attempt, soak }];
    }),
  );
}

function endsEarly(view: View): Conclusion[] {
  const ended = soaks(view).flatMap(({ target, attempt, soak }) =>
    soak.end === undefined ? [] : [{ target, attempt, soak, end: soak.end }],
  );
  return groupBy(ended, ({ target, end }) => `${hostOf(target)} ${end.what}`).map((group) => {
    const [{ target, attempt, soak, end }] = group;
    const isServer = end.what === 'allocation' || end.what === 'permission' || end.what === 'channel';
    return {
      id: 'relay.ends-early',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      locus: isServer ? 'server' : 'path',
      // On a path that loses much, a channel may seem dead; an error response is the server's own word.
      confidence: isServer && !isLossy(view, attempt) ? 'certain' : 'likely',
      params: {
        endpoint: endpointOf(target),
        what: end.what,
        afterSeconds: end.afterSeconds,
        why: end.detail,
        lifetimeSeconds: soak.lifetimeSeconds,
        server: isServer,
        onPath: !isServer,
      },
      evidence: view.evidence.ofStage(attempt, 'soak'),
    };
  });
}

/** The TCP or TLS leg dies after idling: a load balancer's timeout. */
function idleClosed(view: View): Conclusion[] {
  const closed = soaks(view).flatMap(({ target, attempt, soak: { idle } }) =>
    idle === undefined || idle.alive || target.transport === 'udp' ? [] : [{ target, attempt, idle }],
  );
  return groupBy(closed, ({ target }) => endpointOf(target)).map((group) => {
    const [{ target, attempt, idle }] = group;
    return {
      id: 'relay.idle-closed',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: 'likely',
      params: { idleSeconds: idle.seconds, transport: target.transport.toUpperCase() },
      evidence: view.evidence.ofStage(attempt, 'soak'),
    };
  });
}
