import { addressKind, isPrivateKind, leadsBeyondLink, parseSocketAddress } from '../../core/address.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { Target, View } from '../view.ts';
import {
  endpointOf,
  evidenceOf,
  groupBy,
  hasFailed,
  hostOf,
  isHeard,
  isStream,
  placeOf,
  unique,
  urlsOf,
} from './targets.ts';

/** Where we are: the interfaces, what stands between us and the internet, and how far away the server is. */
export const placeRules: readonly Rule[] = [noNetwork, proxyRequired, captivePortal, vpnRoute, sameSite];

function noNetwork(view: View): Conclusion[] {
  const { interfaces } = view.observation.network;
  const usable = interfaces.filter(({ kind }) => leadsBeyondLink(kind));
  const remote = view.servers.filter((server) => !isLocalName(server.uri?.host ?? ''));
  if (usable.length > 0 || interfaces.length === 0 || remote.length === 0) return [];
  if (remote.some((server) => server.works)) return [];
  return [
    {
      id: 'net.no-network',
      subject: 'network',
      urls: [],
      confidence: 'certain',
      params: { interfaces: interfaces.map(({ name, address }) => `${name} ${address}`) },
      evidence: view.evidence.where((event) => event.type === 'interface'),
    },
  ];
}

/** A proxy is set and nothing gets out without it. */
function proxyRequired(view: View): Conclusion[] {
  const { proxy } = view.observation.network;
  if (proxy === null || view.everything.length === 0 || view.everything.some(isHeard)) return [];
  const streams = view.targets.filter(hasFailed).filter(isStream);
  const hosts = unique(streams.map(hostOf));
  if (hosts.length === 0 || view.everything.some((target) => target.outcome === 'open')) return [];
  return [
    {
      id: 'net.proxy-required',
      subject: proxy,
      urls: urlsOf(view.targets),
      confidence: hosts.length > 1 ? 'likely' : 'possible',
      params: { proxy, hosts, silent: unique(streams.map(placeOf)), urls: urlsOf(view.targets) },
      evidence: evidenceOf(view, streams),
    },
  ];
}

/** Different hosts show the same wrong certificate or the same web page: somebody answers in their place. */
function captivePortal(view: View): Conclusion[] {
  const strangers = view.targets.flatMap((target) => {
    const face = hasFailed(target) ? faceOf(target) : undefined;
    return face === undefined ? [] : [{ target, face }];
  });
  return groupBy(strangers, ({ face }) => face).flatMap((group): Conclusion[] => {
    const targets = group.map(({ target }) => target).filter(hasFailed);
    const hosts = unique(targets.map(hostOf));
    const addresses = unique(targets.map(({ address }) => address));
    // One machine with several names is a server that was set up badly; several machines with one face are none of them.
    if (hosts.length < 2 || addresses.length < 2 || view.targets.some((target) => target.outcome === 'works'))
      return [];
    return [
      {
        id: 'net.captive-portal',
        subject: targets[0]?.url ?? 'network',
        urls: urlsOf(targets),
        confidence: 'likely',
        params: { hosts, face: group[0].face.replace(/^[a-z]+:/, ''), urls: urlsOf(targets) },
        evidence: evidenceOf(view, targets),
      },
    ];
  });
}

/** By what a stranger is recognised: the certificate that does not fit, the first bytes of a page. */
function faceOf(target: Target): string | undefined {
  const tls = target.attempts.find((attempt) =>
    attempt.tls?.problems.some(({ code }) => code === 'name-mismatch'),
  )?.tls;
  const leaf = tls?.chain[0];
  if (leaf !== undefined) return `certificate:${leaf.subject} (${leaf.fingerprint256.slice(0, 17)})`;
  const bytes = target.failure?.stage.data.cause === 'not-stun' ? target.failure.stage.data.firstBytes : undefined;
  return bytes?.startsWith('485454502f') === true ? `page:HTTP ${bytes}` : undefined;
}

/** What works, works through a VPN: other users of the same server will see another path. */
function vpnRoute(view: View): Conclusion[] {
  const vpn = view.observation.network.interfaces.filter(({ kind }) => kind === 'vpn');
  const heard = view.targets.filter(isHeard);
  const through = heard.filter((target) =>
    target.attempts.some((attempt) => vpn.some(({ address }) => address === attempt.localAddress)),
  );
  if (through.length === 0 || through.length < heard.length) return [];
  return [
    {
      id: 'net.vpn-route',
      subject: vpn[0]?.name ?? 'VPN',
      urls: urlsOf(through),
      confidence: 'likely',
      params: { interfaces: unique(vpn.map(({ name }) => name)), endpoints: unique(through.map(endpointOf)) },
      evidence: [],
    },
  ];
}

/** The server is on this machine, in this site's network, or behind the same NAT: outside, things may look different. */
function sameSite(view: View): Conclusion[] {
  const near = view.targets.filter((target) => isHeard(target) && nearness(view, target) !== undefined);
  return groupBy(near, (target) => `${hostOf(target)} ${nearness(view, target)}`).map((group) => {
    const [target] = group;
    const how = nearness(view, target) ?? 'site';
    return {
      id: 'net.same-site',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'certain',
      params: {
        host: hostOf(target),
        address: target.address,
        machine: how === 'machine',
        site: how === 'site',
        nat: how === 'nat',
      },
      evidence: [],
    };
  });
}

function nearness(view: View, target: Target): 'machine' | 'site' | 'nat' | undefined {
  const kind = addressKind(target.address);
  if (kind === 'loopback') return 'machine';
  if (view.observation.network.interfaces.some(({ address }) => address === target.address)) return 'machine';
  // Addresses of 100.64.0.0/10 belong to providers and VPNs as well: they may be far away.
  if (kind === 'private' || kind === 'link-local') return 'site';
  const mapped = target.attempts.flatMap((attempt) => attempt.stages.map((stage) => stage.data.mappedAddress));
  return mapped.some((text) => text !== undefined && parseSocketAddress(text)?.address === target.address)
    ? 'nat'
    : undefined;
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || isPrivateKind(addressKind(host)) || host === '';
}
