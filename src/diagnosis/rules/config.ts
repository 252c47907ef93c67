import { addressKind, familyOf, isPrivateKind } from '../../core/address.ts';
import { parseServerUri, type ServerUri } from '../../core/stun/uri.ts';
import type { ReportedIceServer } from '../../record/report.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { View } from '../view.ts';
import { credentialRules } from './config-credentials.ts';
import { deadServer } from './config-dead-servers.ts';

interface ConfiguredUrl {
  readonly url: string;
  readonly uri: ServerUri;
  readonly entry: ReportedIceServer;
}

/** What the configuration shows without a packet (`iceprobe lint`), and what a run later takes back. */
export const configRules: readonly Rule[] = [
  urlSyntax,
  form,
  ...credentialRules,
  relayPolicyWithoutTurn,
  dtlsUnsupported,
  portRestricted,
  duplicate,
  tooMany,
  deadPublicServer,
  tlsNeedsName,
  noTls443,
];

function urlsOf(view: View): ConfiguredUrl[] {
  return view.observation.configuration.iceServers.flatMap((entry) =>
    entry.urls.flatMap((url) => {
      const parsed = parseServerUri(url);
      return parsed.ok ? [{ url, uri: parsed.value, entry }] : [];
    }),
  );
}

function isTurn(uri: ServerUri): boolean {
  return uri.scheme === 'turn' || uri.scheme === 'turns';
}

function works(view: View, url: string): boolean {
  return view.servers.some((server) => server.url === url && server.works);
}

function urlSyntax(view: View): Conclusion[] {
  return view.observation.configuration.iceServers.flatMap((entry) =>
    entry.urls.flatMap((url): Conclusion[] => {
      const parsed = parseServerUri(url);
      if (parsed.ok) return [];
      const { code, column, message, hint, shown } = parsed.error;
      return [
        {
          id: 'config.url-syntax',
          subject: shown,
          urls: [url],
          confidence: 'certain',
          params: { url: shown, urls: [shown], code, column, message, hint },
          evidence: [],
        },
      ];
    }),
  );
}

function form(view: View): Conclusion[] {
  return (view.observation.configuration.problems ?? []).map((problem) => ({
    id: 'config.form',
    subject: `line ${problem.line}, column ${problem.column}`,
    urls: [],
    confidence: 'certain',
    params: { ...problem },
    evidence: [],
  }));
}

function relayPolicyWithoutTurn(view: View): Conclusion[] {
  const { iceServers, iceTransportPolicy } = view.observation.configuration;
  if (iceTransportPolicy !== 'relay' || urlsOf(view).some(({ uri }) => isTurn(uri))) return [];
  // A TURN URL that does not parse is the better thing to complain about.
  if (iceServers.some((entry) => entry.urls.some((url) => /^\s*turns?:/i.test(url)))) return [];
  return [
    {
      id: 'config.relay-policy-without-turn',
      subject: 'iceTransportPolicy',
      urls: [],
      confidence: 'certain',
      params: { servers: iceServers.length },
      evidence: [],
    },
  ];
}

/** RFC 7065 3.1 allows it; no browser speaks TURN over DTLS, and Chromium takes TCP instead without a word. */
function dtlsUnsupported(view: View): Conclusion[] {
  return urlsOf(view)
    .filter(({ uri }) => uri.dtls === true)
    .map(({ url }) => ({
      id: 'config.dtls-unsupported',
      subject: url,
      urls: [url],
      confidence: 'certain',
      params: { url, corrected: url.replace(/\?.*$/, '') },
      evidence: [],
    }));
}

/** Chromium reaches TURN servers on 53, 80, 443 and from 1024 on alone (w3c/webrtc-pc#2625). */
function portRestricted(view: View): Conclusion[] {
  return urlsOf(view)
    .filter(({ uri }) => isTurn(uri) && uri.port < 1024 && ![53, 80, 443].includes(uri.port))
    .map(({ url, uri }) => ({
      id: 'config.port-restricted',
      subject: url,
      urls: [url],
      confidence: 'certain',
      params: { url, port: uri.port },
      evidence: [],
    }));
}

function duplicate(view: View): Conclusion[] {
  const seen = new Map<string, ConfiguredUrl[]>();
  for (const each of urlsOf(view)) {
    const key = `${each.uri.text} ${each.entry.username ?? ''}`;
    seen.set(key, [...(seen.get(key) ?? []), each]);
  }
  return [...seen.values()].flatMap((same): Conclusion[] => {
    const [first] = same;
    if (first === undefined || same.length < 2) return [];
    return [
      {
        id: 'config.duplicate',
        subject: first.url,
        urls: [first.url],
        confidence: 'certain',
        params: { url: first.url, times: same.length, spellings: [...new Set(same.map(({ url }) => url))] },
        evidence: [],
      },
    ];
  });
}

/** Counted by host: one server's ports and transports are no servers of their own. */
function tooMany(view: View): Conclusion[] {
  const urls = urlsOf(view);
  const servers = new Set(urls.map(({ uri }) => uri.host));
  if (servers.size <= view.thresholds.servers) return [];
  return [
    {
      id: 'config.too-many',
      subject: 'iceServers',
      urls: [],
      confidence: 'certain',
      params: { servers: servers.size, limit: view.thresholds.servers },
      evidence: [],
    },
  ];
}

function deadPublicServer(view: View): Conclusion[] {
  const dead = urlsOf(view).flatMap(({ url, uri }) => {
    const reason = deadServer(uri.host);
    return reason === undefined || works(view, url) ? [] : [{ url, uri, reason }];
  });
  return dead.map(({ url, uri, reason }) => ({
    id: 'config.dead-public-server',
    subject: url,
    urls: [url],
    confidence: 'likely',
    params: { url, host: uri.host, reason },
    evidence: [],
  }));
}

/** Certificates are made for names; the one that was seen decides whether this address is the exception. */
function tlsNeedsName(view: View): Conclusion[] {
  return urlsOf(view)
    .filter(({ uri }) => uri.scheme === 'turns' && uri.literal !== undefined)
    .flatMap(({ url, uri }): Conclusion[] => {
      const attempts = view.servers.find((server) => server.url === url)?.server.attempts ?? [];
      const seen = attempts.find((attempt) => (attempt.tls?.chain.length ?? 0) > 0);
      const named = seen?.tls?.subjectAltNames.some((name) => name === uri.host);
      if (named === true) return [];
      return [
        {
          id: 'config.tls-needs-name',
          severity: seen === undefined ? 'info' : 'warning',
          subject: url,
          urls: [url],
          confidence: 'certain',
          params: { url, address: uri.host, certificateNames: seen?.tls?.subjectAltNames ?? [] },
          evidence: seen === undefined ? [] : view.evidence.ofStage(seen, 'tls'),
        },
      ];
    });
}

/** A way out of networks that let nothing but web traffic pass. A server on a private network is not for those. */
function noTls443(view: View): Conclusion[] {
  const turn = urlsOf(view).filter(({ uri }) => isTurn(uri) && !isHere(uri));
  const [first] = turn;
  if (first === undefined || turn.some(({ uri }) => uri.scheme === 'turns' && uri.port === 443 && uri.dtls !== true)) {
    return [];
  }
  const host = familyOf(first.uri.host) === 6 ? `[${first.uri.host}]` : first.uri.host;
  return [
    {
      id: 'config.no-tls-443',
      subject: 'iceServers',
      urls: [],
      confidence: 'certain',
      params: { example: `turns:${host}:443?transport=tcp` },
      evidence: [],
    },
  ];
}

function isHere(uri: ServerUri): boolean {
  return uri.host === 'localhost' || (uri.literal !== undefined && isPrivateKind(addressKind(uri.host)));
}
