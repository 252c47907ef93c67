import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { Target, View } from '../view.ts';
import {
  causeOf,
  endpointOf,
  evidenceOf,
  type FailedTarget,
  fatal,
  groupBy,
  hasAnswered,
  hasFailed,
  hostOf,
  isHeard,
  isRefused,
  isSilent,
  isSilentEnough,
  isStream,
  placeOf,
  unique,
  urlsOf,
} from './targets.ts';

/** Nothing came back: from whom, and who answered meanwhile, tells where it was lost. */
export const silenceRules: readonly Rule[] = [only443, udpBlocked, udpSilentHere, portBlocked, serverSilent];

/** Everything but TCP 443 is silent. Which configured URL survives decides what that is worth. */
function only443(view: View): Conclusion[] {
  const heard = view.everything.filter(isHeard);
  const open = heard.filter((target) => isStream(target) && target.port === 443);
  const lost = view.everything.filter(isSilentOrRejected);
  const blockedStreams = lost.filter((target) => isStream(target) && target.port !== 443);
  const blockedDatagrams = lost.filter((target) => !isStream(target));
  if (open.length === 0 || open.length < heard.length) return [];
  if (blockedStreams.length === 0 || blockedDatagrams.length === 0) return [];
  const [survivor] = open.filter((target) => target.outcome === 'works');
  return [
    {
      id: 'net.only-443',
      subject: survivor?.url ?? open[0]?.url ?? 'network',
      urls: urlsOf(lost),
      confidence: 'likely',
      params: {
        survivors: urlsOf(open.filter((target) => target.outcome === 'works')),
        silent: unique(lost.map(placeOf)),
        urls: urlsOf(lost),
      },
      evidence: evidenceOf(view, lost),
    },
  ];
}

/** UDP is silent on several hosts or ports, and TCP or TLS to them answers. */
function udpBlocked(view: View): Conclusion[] {
  const datagrams = view.everything.filter((target) => !isStream(target));
  const silent = datagrams.filter(isSilent);
  if (datagrams.some(isHeard)) return [];
  const witnesses = view.everything.filter((target) => isStream(target) && isHeard(target));
  const hosts = unique(silent.map(hostOf));
  // At the very address: another one of the name says nothing about one that is dead.
  const spoken = unique(silent.filter((each) => witnesses.some(({ address }) => address === each.address)).map(hostOf));
  // A host that is silent over TCP too may be dead, and then its silence over UDP tells nothing.
  const telling = hosts.filter(
    (host) => spoken.includes(host) || !view.everything.some((each) => hostOf(each) === host && isStream(each)),
  );
  const places = unique(silent.map(endpointOf));
  if (places.length < 2 || spoken.length === 0) return [];
  const relayed = view.servers.some((server) => server.works && /^turns?:/i.test(server.url));
  return [
    {
      id: 'net.udp-blocked',
      severity: relayed ? 'warning' : 'error',
      subject: silent[0]?.url ?? 'network',
      urls: urlsOf(silent),
      confidence: telling.length >= 2 && silent.every((target) => isSilentEnough(view, target)) ? 'likely' : 'possible',
      params: {
        silent: places,
        hosts,
        answered: unique(witnesses.map(placeOf)),
        requests: Math.max(...silent.map(({ failure }) => failure.stage.data.requestsSent ?? 0)),
        relayed,
      },
      ruledOut: ['no-network', 'unreachable-server', 'loss'],
      evidence: evidenceOf(view, silent),
    },
  ];
}

/** One host is silent over UDP, answers over TCP, and UDP to another host passes: the fault is at that host. */
function udpSilentHere(view: View): Conclusion[] {
  const silent = view.targets.filter(isSilent).filter((target) => !isStream(target));
  return groupBy(silent, hostOf).flatMap((group): Conclusion[] => {
    // At that very address: another one of the name, or one of the other family, is reached by another way.
    const spoken = group.flatMap((each) => {
      const stream = streamAt(view, each);
      return stream === undefined ? [] : [{ target: each, stream }];
    });
    const [first] = spoken;
    if (first === undefined) return [];
    const { target, stream } = first;
    const elsewhere = view.everything.find(
      (each) => !isStream(each) && hostOf(each) !== hostOf(target) && each.family === target.family && isHeard(each),
    );
    if (otherPortHeard(view, target)) return [];
    // Nobody else was asked over UDP: it may be this network as well as that host.
    const alone = view.everything.every(
      (each) => isStream(each) || each.family !== target.family || placeOf(each) === placeOf(target),
    );
    if (elsewhere === undefined && !alone) return [];
    const samePort = stream.port === target.port && elsewhere !== undefined;
    return [
      {
        id: 'net.udp-silent-here',
        subject: target.url,
        urls: urlsOf(group),
        confidence: samePort && isSilentEnough(view, target) ? 'likely' : 'possible',
        ...(elsewhere === undefined ? { locus: 'unknown' as const } : {}),
        params: {
          host: hostOf(target),
          port: target.port,
          endpoint: endpointOf(target),
          answered: placeOf(stream),
          control: elsewhere?.url ?? null,
          requests: target.failure.stage.data.requestsSent ?? 0,
        },
        ruledOut: [
          ...(elsewhere === undefined ? [] : (['blocked-udp'] as const)),
          'unreachable-server',
          ...(isSilentEnough(view, target) ? (['loss'] as const) : []),
        ],
        evidence: evidenceOf(view, group),
      },
    ];
  });
}

/** TCP or TLS that answers at the address, on the same port if there is one. */
function streamAt(view: View, target: Target): Target | undefined {
  const [stream] = view.everything
    .filter((each) => each.address === target.address && isStream(each) && isHeard(each))
    .toSorted((a, b) => Number(b.port === target.port) - Number(a.port === target.port));
  return stream;
}

/** The same port was asked over TCP and refused: nothing listens, and the word of that over UDP was lost or is not said twice. */
function isClosed(view: View, target: Target): boolean {
  return view.targets.some((each) => endpointOf(each) === endpointOf(target) && isStream(each) && isRefused(each));
}

/** One port is silent, another one of the same host and protocol answers. */
function portBlocked(view: View): Conclusion[] {
  const silent = view.targets.filter(isSilent);
  return groupBy(silent, (target) => `${target.address} ${target.port} ${isStream(target)}`).flatMap(
    (group): Conclusion[] => {
      const [target] = group;
      const other = otherPortHeard(view, target);
      if (other === undefined || isClosed(view, target)) return [];
      return [
        {
          id: 'net.port-blocked',
          subject: target.url,
          urls: urlsOf(group),
          confidence: isSilentEnough(view, target) ? 'likely' : 'possible',
          params: {
            endpoint: endpointOf(target),
            port: target.port,
            protocol: isStream(target) ? 'TCP' : 'UDP',
            answered: placeOf(other),
            waitedMs: target.failure.stage.ms,
            requests: target.failure.stage.data.requestsSent ?? 1,
          },
          ruledOut: ['unreachable-server', ...(isSilentEnough(view, target) ? (['loss'] as const) : [])],
          evidence: evidenceOf(view, group),
        },
      ];
    },
  );
}

/** No answer at all, on any transport that was tried towards the host. */
function serverSilent(view: View): Conclusion[] {
  return (
    groupBy(fatal(view, view.targets.filter(isSilent)), hostOf)
      .filter(([target]) => !view.targets.some((other) => hostOf(other) === hostOf(target) && isHeard(other)))
      // That a port which nobody asked for is closed does not make the server any less silent.
      .filter(([target]) => !view.everything.some((other) => hostOf(other) === hostOf(target) && hasAnswered(other)))
      .map((group) => {
        const [target] = group;
        const sends = Math.max(...group.map(({ failure }) => failure.stage.data.requestsSent ?? 0));
        const stream = group.every(isStream);
        // A control over another protocol says nothing, nor one of the other family: UDP may be blocked where TCP passes,
        // IPv6 lead nowhere where IPv4 works.
        const control = view.everything.find(
          (each) =>
            hostOf(each) !== hostOf(target) &&
            isStream(each) === stream &&
            group.some(({ family }) => family === each.family) &&
            isHeard(each),
        );
        const whole = group.some((each) => isSilentEnough(view, each));
        const sure = control !== undefined && whole;
        return {
          id: 'net.server-silent',
          subject: target.url,
          urls: urlsOf(group),
          confidence: sure ? 'likely' : 'possible',
          locus: sure ? 'server' : 'unknown',
          params: {
            host: hostOf(target),
            endpoints: unique(group.map(placeOf)),
            requests: sends,
            waitedMs: Math.max(...group.map(({ failure }) => failure.stage.ms)),
            control: control?.url ?? null,
          },
          ruledOut: [
            ...(control === undefined ? [] : (['no-network'] as const)),
            ...(whole && sends > 0 ? (['loss'] as const) : []),
          ],
          evidence: evidenceOf(view, group),
        };
      })
  );
}

function otherPortHeard(view: View, silent: Target): Target | undefined {
  return view.everything.find(
    (target) =>
      target.address === silent.address &&
      target.port !== silent.port &&
      isStream(target) === isStream(silent) &&
      hasAnswered(target),
  );
}

/** A firewall that lets one port through may reject the rest (administratively prohibited) instead of dropping it. */
function isSilentOrRejected(target: Target): target is FailedTarget {
  return hasFailed(target) && !isHeard(target) && ['timeout', 'unreachable'].includes(causeOf(target));
}
