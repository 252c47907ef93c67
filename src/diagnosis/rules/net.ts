import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { View } from '../view.ts';
import { endpointOf, evidenceOf, type FailedTarget, failedWith, fatal, groupBy, placeOf, urlsOf } from './targets.ts';

export const netRules: readonly Rule[] = [refused, serverSilent];

/** ICMP port unreachable, or a RST: the host is there, and nothing listens. */
function refused(view: View): Conclusion[] {
  return groupBy(fatal(view, failedWith(view, 'refused')), placeOf).map((group) => {
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
        port: target.port,
        tookMs: target.failure.stage.ms,
      },
      ruledOut: ['wrong-host', 'silent-firewall'],
      evidence: evidenceOf(view, group),
    };
  });
}

/** No answer at all, on any transport that was tried towards the host. */
function serverSilent(view: View): Conclusion[] {
  return groupBy(fatal(view, failedWith(view, 'timeout')).filter(isSilence), ({ uri, address }) => uri?.host ?? address)
    .filter(([target]) => !answeredElsewhere(view, target))
    .map((group) => {
      const [target] = group;
      const sends = Math.max(...group.map(({ failure }) => failure.stage.data.requestsSent ?? 0));
      const control = view.servers.find((server) => server.works && server.uri?.host !== target.uri?.host);
      const whole = sends >= view.thresholds.sendsForSilence || target.transport !== 'udp';
      return {
        id: 'net.server-silent',
        subject: target.url,
        urls: urlsOf(group),
        confidence: control !== undefined && whole ? 'likely' : 'possible',
        locus: control !== undefined && whole ? 'server' : 'unknown',
        params: {
          host: target.uri?.host ?? target.address,
          endpoints: [...new Set(group.map(placeOf))],
          requests: sends,
          waitedMs: Math.max(...group.map(({ failure }) => failure.stage.ms)),
          control: control?.url ?? null,
        },
        ruledOut: [...(control === undefined ? [] : (['no-network'] as const)), ...(whole ? (['loss'] as const) : [])],
        evidence: evidenceOf(view, group),
      };
    });
}

/** Silence from the first packet on: a server that answered before it fell silent is there. */
function isSilence({ failure }: FailedTarget): boolean {
  return !failure.attempt.stages.some(
    (stage) => stage.stage !== 'resolve' && (stage.status === 'pass' || stage.status === 'warn'),
  );
}

/** Anything at all from the same host, if only a refusal, and it is not silent. */
function answeredElsewhere(view: View, silent: FailedTarget): boolean {
  return view.targets.some(
    (target) =>
      target.uri?.host === silent.uri?.host &&
      (target.outcome === 'works' ||
        (target.failure !== undefined &&
          !['timeout', 'local', 'unreachable'].includes(target.failure.stage.data.cause ?? ''))),
  );
}
