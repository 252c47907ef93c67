import type { AuditResult } from '../../core/attempt.ts';
import type { Attempt } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { stageOf, type Target, type View } from '../view.ts';
import { endpointOf, groupBy, hostOf, urlsOf } from './targets.ts';

/** What only `--audit` asks. Whether the relay is a door to private addresses is told beside the other permissions. */
export const auditRules: readonly Rule[] = [softwareDisclosed, amplification, oldTlsTaken];

interface Audited {
  readonly target: Target;
  readonly attempt: Attempt;
  readonly audit: AuditResult;
}

function audits(view: View): Audited[] {
  return view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) => {
      const audit = stageOf(attempt, 'audit')?.data.audit;
      return audit === undefined ? [] : [{ target, attempt, audit }];
    }),
  );
}

/** A name tells little; a version tells which holes there are. */
function softwareDisclosed(view: View): Conclusion[] {
  const telling = audits(view).filter(({ audit }) => /\d/.test(audit.software ?? ''));
  return groupBy(telling, ({ target, audit }) => `${hostOf(target)} ${audit.software}`).map((group) => {
    const [{ target, attempt, audit }] = group;
    return {
      id: 'stun.software-disclosed',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: 'certain',
      params: { endpoint: endpointOf(target), software: audit.software },
      evidence: view.evidence.ofStage(attempt, 'audit'),
    };
  });
}

function amplification(view: View): Conclusion[] {
  const limit = view.thresholds.amplificationFactor;
  const amplifying = audits(view).flatMap(({ target, attempt, audit: { amplification: measured } }) =>
    measured !== undefined && measured.factor > limit ? [{ target, attempt, measured }] : [],
  );
  return groupBy(amplifying, ({ target }) => endpointOf(target)).map((group) => {
    const [{ target, attempt, measured }] = group;
    return {
      id: 'stun.amplification',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: 'certain',
      params: { endpoint: endpointOf(target), limit, ...measured },
      evidence: view.evidence.ofStage(attempt, 'audit'),
    };
  });
}

const OLD = ['TLSv1', 'TLSv1.1'];

/** Beside newer ones: who can change the first packets of a handshake picks the oldest that both ends take. */
function oldTlsTaken(view: View): Conclusion[] {
  return audits(view).flatMap(({ target, attempt, audit }): Conclusion[] => {
    const old = (audit.tlsVersions ?? []).filter((version) => OLD.includes(version));
    const newer = (audit.tlsVersions ?? []).filter((version) => !OLD.includes(version));
    // A server that takes nothing else has been told of by its handshake.
    if (old.length === 0 || newer.length === 0) return [];
    return [
      {
        id: 'tls.old-version',
        subject: target.url,
        urls: [target.url],
        confidence: 'certain',
        params: { also: true, problem: `takes ${old.join(', ')} beside ${newer.join(', ')}` },
        evidence: view.evidence.ofStage(attempt, 'audit'),
      },
    ];
  });
}
