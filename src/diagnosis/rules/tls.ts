import type { StageData } from '../../core/attempt.ts';
import { fromHex } from '../../core/bytes.ts';
import { recognise } from '../../core/stun/foreign.ts';
import type { Attempt, TlsProblem, TlsProblemCode, TlsSummary } from '../../record/report.ts';
import type { FindingId } from '../catalogue.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { passed, stageOf, type Target, type View } from '../view.ts';
import { isTlsBesidePlain, plainOf, strangerAt } from './net-ports.ts';
import {
  causeOf,
  endpointOf,
  evidenceOf,
  failedTargets,
  failedWith,
  fatal,
  groupBy,
  hasFailed,
  hostOf,
  placeOf,
  unique,
  urlsOf,
} from './targets.ts';

export const tlsRules: readonly Rule[] = [
  noListener,
  certificateFaults,
  plainOnTlsPort,
  tlsOnPlainPort,
  handshakeFailed,
  filtered,
  expiresSoon,
  intercepted,
];

/** TLS is refused while the same host answers without it. */
function noListener(view: View): Conclusion[] {
  const closed = fatal(view, failedWith(view, 'refused')).filter((target) => isTlsBesidePlain(view, target));
  return groupBy(closed, endpointOf).map((group) => {
    const [target] = group;
    const plain = plainOf(view, target);
    return {
      id: 'tls.no-listener',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'likely',
      params: {
        endpoint: endpointOf(target),
        port: target.port,
        answered: plain === undefined ? null : placeOf(plain),
      },
      ruledOut: ['wrong-host', 'unreachable-server'],
      evidence: evidenceOf(view, group),
    };
  });
}

const FAULTS: Readonly<Partial<Record<TlsProblemCode, FindingId>>> = {
  untrusted: 'tls.untrusted',
  'self-signed': 'tls.untrusted',
  'chain-incomplete': 'tls.chain-incomplete',
  'name-mismatch': 'tls.name-mismatch',
  expired: 'tls.expired',
  'not-yet-valid': 'tls.not-yet-valid',
  'old-version': 'tls.old-version',
};

interface Shown {
  readonly target: Target;
  readonly attempt: Attempt;
  readonly tls: TlsSummary;
  readonly problem: TlsProblem;
}

/** What a client that verifies would refuse, whether this run went on (`--insecure`) or not. */
function certificateFaults(view: View): Conclusion[] {
  const shown = view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt): Shown[] =>
      (attempt.tls?.problems ?? []).flatMap((problem) =>
        attempt.tls === undefined ? [] : [{ target, attempt, tls: attempt.tls, problem }],
      ),
    ),
  );
  const known = shown.filter(({ problem }) => FAULTS[problem.code] !== undefined);
  return groupBy(known, (each) => `${FAULTS[each.problem.code]} ${hostOf(each.target)}`).map((group) => {
    const [{ target, attempt, tls, problem }] = group;
    const leaf = tls.chain[0];
    return {
      id: FAULTS[problem.code] ?? 'tls.untrusted',
      // Where the run went on, it is a remark for browsers; where it did not, it is why the URL fails.
      ...(problem.code === 'old-version' && target.outcome === 'fails' ? { severity: 'error' as const } : {}),
      subject: target.url,
      urls: unique(group.map((each) => each.target.url)),
      confidence: 'certain',
      params: {
        host: hostOf(target),
        only: problem.code === 'old-version',
        problem: problem.detail,
        names: tls.subjectAltNames,
        issuer: tls.issuer,
        chain: tls.chain.map(({ subject }) => subject),
        protocol: tls.protocol,
        validFrom: leaf?.validFrom ?? null,
        validTo: leaf?.validTo ?? null,
        daysAgo: tls.daysLeft === null ? null : Math.max(0, -tls.daysLeft),
        selfSigned: problem.code === 'self-signed',
        unknownIssuer: problem.code === 'untrusted',
      },
      ruledOut: ['unreachable-server'],
      evidence: view.evidence.ofStage(attempt, 'tls'),
    };
  });
}

/** The port takes TCP, no handshake, and answers STUN in plain: confirmed by trying that. */
function plainOnTlsPort(view: View): Conclusion[] {
  return groupBy(failedHandshakes(view), endpointOf).flatMap((group): Conclusion[] => {
    const [target] = group;
    const plain = plainBeside(view, target);
    // A certificate was seen there once: TLS is spoken, beside plain STUN, and this handshake failed for another reason.
    if (plain === undefined || isFiltered(view, target) || showsCertificate(view, target)) return [];
    return [
      {
        id: 'tls.plain-on-tls-port',
        subject: target.url,
        urls: urlsOf(group),
        confidence: 'certain',
        params: { endpoint: endpointOf(target), port: target.port, works: plain.url },
        ruledOut: ['unreachable-server'],
        evidence: evidenceOf(view, group),
      },
    ];
  });
}

/**
 * A plain STUN request was met with a TLS record, or with none: as the head of a TLS record it announces more than follows,
 * and many servers wait for that.
 */
function tlsOnPlainPort(view: View): Conclusion[] {
  const alerts = failedWith(view, 'not-stun', 'closed', 'reset', 'timeout').filter(
    (target) => target.transport === 'tcp' && target.failure.stage.stage !== 'connect',
  );
  return groupBy(alerts, endpointOf).flatMap((group): Conclusion[] => {
    const [target] = group;
    const bytes = fromHex(target.failure.stage.data.firstBytes ?? '');
    const says = bytes === undefined ? undefined : recognise(bytes);
    const shaken = showsCertificate(view, target);
    const saysTls = says?.name === 'tls';
    if (!saysTls && (!shaken || speaksPlainStun(view, target))) return [];
    const refusesPlain = saysTls || refusesPlainStun(view, target);
    return [
      {
        id: 'tls.tls-on-plain-port',
        subject: target.url,
        urls: urlsOf(group),
        // Some servers speak both on one port, and may be silent for another reason.
        confidence: shaken && refusesPlain && causeOf(target) !== 'timeout' ? 'certain' : 'likely',
        params: {
          endpoint: endpointOf(target),
          port: target.port,
          says: says?.says ?? null,
          mute: says === undefined,
          shaken,
        },
        ruledOut: ['unreachable-server'],
        evidence: evidenceOf(view, group),
      },
    ];
  });
}

function showsCertificate(view: View, target: Target): boolean {
  return view.everything.some(
    (other) =>
      endpointOf(other) === endpointOf(target) &&
      other.transport === 'tls' &&
      other.attempts.some((attempt) => (attempt.tls?.chain.length ?? 0) > 0),
  );
}

/** Some servers speak TLS beside plain STUN on one port: then what failed there failed for another reason. */
function speaksPlainStun(view: View, target: Target): boolean {
  return view.everything.some(
    (other) =>
      endpointOf(other) === endpointOf(target) &&
      other.transport !== 'tls' &&
      other.attempts.some((attempt) => passed(attempt, 'binding')),
  );
}

/** Not only TURN, which a server may not have, but STUN itself is not answered without TLS. */
function refusesPlainStun(view: View, target: Target): boolean {
  return view.everything.some(
    (other) =>
      placeOf(other) === placeOf(target) &&
      other.attempts.some((attempt) => stageOf(attempt, 'binding')?.status === 'fail'),
  );
}

/** TCP connects, the handshake fails, and what the port speaks instead is not known. */
function handshakeFailed(view: View): Conclusion[] {
  const failed = failedHandshakes(view).filter(
    (target) =>
      plainBeside(view, target) === undefined &&
      strangerAt(view, target) === undefined &&
      !mayBeFiltered(view, target) &&
      !hasCertificateFault(target),
  );
  return groupBy(failed, endpointOf).map((group) => {
    const [target] = group;
    return {
      id: 'tls.handshake-failed',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'certain',
      params: {
        endpoint: endpointOf(target),
        problem: target.failure.stage.data.problem ?? target.failure.stage.detail,
      },
      ruledOut: ['unreachable-server'],
      evidence: evidenceOf(view, group),
    };
  });
}

/**
 * The handshake is reset on its way: one that looks like a browser's to a web server is let through to the same address, or
 * noise in its place is not reset, as a server would that knows no TLS.
 */
function filtered(view: View): Conclusion[] {
  const reset = failedTargets(view, (target) => target.failure.stage.stage === 'tls' && mayBeFiltered(view, target));
  return groupBy(reset, endpointOf).flatMap((group): Conclusion[] => {
    const [target] = group;
    const web = whoResets(view, target)?.webHandshake;
    const sure = isFiltered(view, target);
    // A server that serves without TLS explains a reset as well as a filter does.
    if (!sure && plainBeside(view, target) !== undefined) return [];
    return [
      {
        id: 'net.tls-filtered',
        subject: target.url,
        urls: urlsOf(group),
        confidence: sure ? 'likely' : 'possible',
        locus: sure ? 'path' : 'unknown',
        params: {
          endpoint: endpointOf(target),
          web: web ?? null,
          webPassed: web === 'pass',
          filtered: sure,
          how: target.failure.stage.detail,
        },
        ruledOut: ['unreachable-server'],
        evidence: evidenceOf(view, group),
      },
    ];
  });
}

function mayBeFiltered(view: View, target: Target): boolean {
  return isReset(target) && (whoResets(view, target) === undefined || isFiltered(view, target));
}

function isFiltered(view: View, target: Target): boolean {
  if (!isReset(target)) return false;
  const told = whoResets(view, target);
  return told?.webHandshake === 'pass' || (told?.webHandshake === 'reset' && told.noise === 'kept');
}

/** What the stage itself tells, or the control that was made to find out. */
function whoResets(view: View, target: Target): StageData | undefined {
  if (target.failure?.stage.data.webHandshake !== undefined) return target.failure.stage.data;
  const control = view.everything.find(
    (other) => other.url.startsWith('https:') && endpointOf(other) === endpointOf(target),
  );
  return control?.attempts.map((attempt) => stageOf(attempt, 'tls')?.data).find((data) => data !== undefined);
}

function expiresSoon(view: View): Conclusion[] {
  const soon = view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) => {
      const left = attempt.tls?.daysLeft ?? null;
      const good = left !== null && left >= 0 && left < view.thresholds.certificateDays;
      return good && !attempt.tls?.problems.some(({ code }) => code === 'expired') ? [{ target, attempt, left }] : [];
    }),
  );
  return groupBy(soon, ({ target }) => hostOf(target)).map((group) => {
    const [{ target, attempt, left }] = group;
    return {
      id: 'tls.expires-soon',
      subject: target.url,
      urls: unique(group.map((each) => each.target.url)),
      confidence: 'certain',
      params: {
        host: hostOf(target),
        days: left,
        validTo: attempt.tls?.chain[0]?.validTo ?? null,
        limit: view.thresholds.certificateDays,
      },
      evidence: view.evidence.ofStage(attempt, 'tls'),
    };
  });
}

/** Another certificate than the one that is known to be the server's, from an issuer that is another one too. */
function intercepted(view: View): Conclusion[] {
  return view.targets.flatMap((target): Conclusion[] => {
    const pins = view.pins[hostOf(target)];
    const attempt = target.attempts.find(({ tls }) => (tls?.chain.length ?? 0) > 0);
    const leaf = attempt?.tls?.chain[0];
    if (pins === undefined || attempt === undefined || leaf === undefined) return [];
    if (attempt.tls?.chain.some(({ fingerprint256 }) => pins.includes(fingerprint256)) === true) return [];
    return [
      {
        id: 'tls.intercepted',
        subject: target.url,
        urls: [target.url],
        confidence: 'possible',
        params: { host: hostOf(target), issuer: leaf.issuer, seen: leaf.fingerprint256, expected: pins },
        evidence: view.evidence.ofStage(attempt, 'tls'),
      },
    ];
  });
}

function failedHandshakes(view: View): ReturnType<typeof failedTargets> {
  return failedTargets(view, (target) => target.transport === 'tls' && target.failure.stage.stage === 'tls').filter(
    (target) => stageOf(target.failure.attempt, 'connect')?.status !== 'fail',
  );
}

function isReset(target: Target): boolean {
  if (!hasFailed(target)) return false;
  const { cause, problem } = target.failure.stage.data;
  return cause === 'reset' || /ECONNRESET|EPIPE/.test(problem ?? '');
}

function hasCertificateFault(target: Target): boolean {
  return target.attempts.some((attempt) => attempt.tls?.problems.some(({ code }) => FAULTS[code] !== undefined));
}

function plainBeside(view: View, target: Target): Target | undefined {
  return view.everything.find(
    (other) => endpointOf(other) === endpointOf(target) && other.transport === 'tcp' && answersStun(other),
  );
}

/** A challenge or an address: STUN without TLS. */
function answersStun(target: Target): boolean {
  return (
    target.outcome === 'works' ||
    target.attempts.some((attempt) =>
      attempt.stages.some(
        (stage) =>
          ['binding', 'challenge'].includes(stage.stage) &&
          (stage.status === 'pass' || stage.data.cause === 'stun-error'),
      ),
    )
  );
}
