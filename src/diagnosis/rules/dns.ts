import type { RunEvent } from '../../record/events.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { View } from '../view.ts';

export const dnsRules: readonly Rule[] = [notFound];

/** The resolver answered that there is no such name. Silence of the resolver is another matter. */
function notFound(view: View): Conclusion[] {
  const hosts = new Map<string, string[]>();
  for (const { url, uri, server } of view.servers) {
    if (server.resolve?.status !== 'fail' || server.resolve.data.cause !== 'dns-not-found') continue;
    const host = uri?.host ?? url;
    hosts.set(host, [...(hosts.get(host) ?? []), url]);
  }
  return [...hosts].map(([host, urls]) => ({
    id: 'dns.not-found',
    subject: urls[0] ?? host,
    urls,
    confidence: 'certain',
    params: { host, resolvers: view.observation.network.resolvers },
    ruledOut: ['resolver-down'],
    evidence: resolveEvidence(view, host, urls),
  }));
}

export function resolveEvidence(view: View, host: string, urls: readonly string[]): RunEvent[] {
  return view.evidence.where(
    (event) =>
      (event.type === 'resolve' && event.host === host) ||
      (event.type === 'stage' && event.stage === 'resolve' && urls.includes(event.url)),
  );
}
