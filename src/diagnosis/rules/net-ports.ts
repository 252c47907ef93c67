import { fromHex } from '../../core/bytes.ts';
import { recognise } from '../../core/stun/foreign.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { Target, View } from '../view.ts';
import {
  causeOf,
  endpointOf,
  evidenceOf,
  type FailedTarget,
  failedTargets,
  failedWith,
  fatal,
  groupBy,
  hasFailed,
  hasFamily,
  hostOf,
  isHeard,
  isRefused,
  placeOf,
  urlsOf,
} from './targets.ts';

/** What a port said instead of answering. */
export const portRules: readonly Rule[] = [refused, unreachable, notAStunServer, replyFromElsewhere];

/** ICMP port unreachable, or a RST: the host is there, and nothing listens. */
function refused(view: View): Conclusion[] {
  const closed = fatal(view, failedWith(view, 'refused')).filter((target) => !isTlsBesidePlain(view, target));
  return groupBy(closed, placeOf).map((group) => {
    const [target] = group;
    return {
      id: 'net.refused',
      subject: target.url,
      urls: urlsOf(group),
      // A firewall that rejects says the same as a closed port.
      confidence: 'likely',
      params: {
        endpoint: endpointOf(target),
        transport: target.transport.toUpperCase(),
        protocol: target.transport === 'udp' ? 'UDP' : 'TCP',
        port: target.port,
        tookMs: target.failure.stage.ms,
      },
      ruledOut: ['wrong-host', 'silent-firewall'],
      evidence: evidenceOf(view, group),
    };
  });
}

/** `tls.no-listener` says it better where the same host answers without TLS. */
export function isTlsBesidePlain(view: View, target: Target): boolean {
  return target.transport === 'tls' && plainOf(view, target) !== undefined;
}

/** Where the same host answers without TLS; a refusal there would only say that nothing at all listens. */
export function plainOf(view: View, target: Target): Target | undefined {
  const isHere = (other: Target): boolean => hostOf(other) === hostOf(target) && other.transport !== 'tls';
  // The very port refuses plain traffic too: another port of the host that answers, which a control may have found, says
  // nothing about TLS.
  if (view.targets.some((other) => isHere(other) && other.port === target.port && isRefused(other))) return undefined;
  return view.everything.find((other) => isHere(other) && isHeard(other) && !isRefused(other));
}

function unreachable(view: View): Conclusion[] {
  const lost = fatal(view, failedWith(view, 'unreachable')).filter((target) => !isSparedFamily(view, target));
  return groupBy(lost, hostOf).map((group) => {
    const [target] = group;
    const local = (target.failure.stage.data.systemError ?? '') === 'ENETUNREACH';
    return {
      id: 'net.unreachable',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'likely',
      locus: local ? 'client' : 'unknown',
      params: {
        host: hostOf(target),
        endpoint: endpointOf(target),
        family: target.family,
        error: target.failure.stage.data.systemError ?? '',
        local,
        tookMs: target.failure.stage.ms,
      },
      evidence: evidenceOf(view, group),
    };
  });
}

/** The name has an address of the other family, which this machine has, while it has not the target's: nothing is amiss. */
function isSparedFamily(view: View, target: Target): boolean {
  return (
    !hasFamily(view, target.family) &&
    view.targets.some(({ url, family }) => url === target.url && hasFamily(view, family))
  );
}

/**
 * Something listens, and it is not a STUN server: by what it answered to STUN, or where TLS was asked of it and the
 * handshake failed, by what it says to STUN without TLS. TLS on a plain port has a finding of its own.
 */
function notAStunServer(view: View): Conclusion[] {
  const asked = failedTargets(view, (target) => strangerAt(view, target) !== undefined);
  return groupBy(asked, placeOf).flatMap((group): Conclusion[] => {
    const [target] = group;
    const stranger = strangerAt(view, target) ?? target;
    const { firstBytes = '' } = stranger.failure.stage.data;
    const bytes = fromHex(firstBytes);
    const foreign = bytes === undefined ? undefined : recognise(bytes);
    if (foreign?.name === 'tls' && target.transport === 'tcp') return [];
    return [
      {
        id: 'net.not-a-stun-server',
        subject: target.url,
        urls: urlsOf(group),
        confidence: foreign === undefined ? 'likely' : 'certain',
        params: {
          endpoint: endpointOf(target),
          transport: target.transport.toUpperCase(),
          protocol: foreign === undefined ? null : (PROTOCOLS[foreign.name] ?? foreign.name),
          says: foreign?.says ?? null,
          firstBytes: foreign === undefined ? firstBytes.slice(0, 32) : null,
        },
        ruledOut: ['unreachable-server'],
        evidence: evidenceOf(view, stranger === target ? group : [...group, stranger]),
      },
    ];
  });
}

/** Who gave an answer that is no STUN in place of the target: it itself, or its port when asked without TLS. */
export function strangerAt(view: View, target: FailedTarget): FailedTarget | undefined {
  if (causeOf(target) === 'not-stun') return target;
  if (target.transport !== 'tls' || target.failure.stage.stage !== 'tls') return undefined;
  return view.everything
    .filter(hasFailed)
    .find(
      (other) => other.transport === 'tcp' && endpointOf(other) === endpointOf(target) && causeOf(other) === 'not-stun',
    );
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  http: 'HTTP',
  http2: 'HTTP/2',
  tls: 'TLS',
  ssh: 'SSH',
  rtsp: 'RTSP',
  sip: 'SIP',
  'mail-or-ftp': 'SMTP, POP, IMAP or FTP',
  'proxy-protocol': 'the PROXY protocol',
};

/** An answer with our transaction id, from another address or port than was asked: clients must ignore it (RFC 8489 6.3). */
function replyFromElsewhere(view: View): Conclusion[] {
  return groupBy(failedWith(view, 'wrong-source'), placeOf).map((group) => {
    const [target] = group;
    return {
      id: 'net.reply-from-elsewhere',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'certain',
      params: { endpoint: endpointOf(target), answerFrom: target.failure.stage.data.answerFrom ?? null },
      ruledOut: ['unreachable-server', 'blocked-udp'],
      evidence: evidenceOf(view, group),
    };
  });
}
