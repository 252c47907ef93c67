import { addressKind } from '../../core/address.ts';
import type { NameResolved, RunEvent } from '../../record/events.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { ServerView, View } from '../view.ts';
import { groupBy, hasFamily, unique } from './targets.ts';

export const dnsRules: readonly Rule[] = [resolverDown, notFound, splitHorizon, noUsableFamily, slow];

/** The resolver answered that there is no such name, or none with an address. Its silence is another matter. */
function notFound(view: View): Conclusion[] {
  const missing = view.servers.filter(({ server }) => failedResolve(server, 'dns-not-found'));
  return groupBy(missing, nameOf).map((group) => {
    const host = nameOf(group[0]);
    const answers = resolvesOf(view).filter((event) => event.host === host && event.resolver === undefined);
    const noData = answers.length > 0 && answers.every((event) => event.error === 'no-data');
    return {
      id: 'dns.not-found',
      subject: group[0].url,
      urls: group.map(({ url }) => url),
      confidence: 'certain',
      params: { host, noData, noName: !noData, resolvers: view.observation.network.resolvers },
      ruledOut: ['resolver-down'],
      evidence: resolveEvidence(view, host, group),
    };
  });
}

/** No resolver answers anything: every name that needed one failed by silence or refusal. */
function resolverDown(view: View): Conclusion[] {
  const asked = resolvesOf(view).filter((event) => event.source === 'dns' && event.resolver === undefined);
  const dead = asked.filter((event) => event.error === 'timeout' || event.error === 'refused');
  const failed = view.servers.filter(
    ({ server }) => failedResolve(server, 'dns-timeout') || failedResolve(server, 'dns-failed'),
  );
  // "No such name" and "server failure" are answers of a resolver that lives.
  if (failed.length === 0 || dead.length === 0 || dead.length < asked.length) return [];
  const hosts = unique(dead.map(({ host }) => host));
  const refused = dead.every((event) => event.error === 'refused');
  return [
    {
      id: 'dns.resolver-down',
      subject: view.observation.network.resolvers[0] ?? 'resolver',
      urls: failed.map(({ url }) => url),
      // A single name may hang at its own name servers while the resolver lives.
      confidence: refused || hosts.length > 1 ? 'likely' : 'possible',
      params: {
        hosts,
        resolvers: view.observation.network.resolvers,
        refused,
        silent: !refused,
        waitedMs: Math.max(...dead.map(({ durationMs }) => durationMs)),
        urls: failed.map(({ url }) => url),
      },
      evidence: view.evidence.where((event) => dead.some(({ seq }) => seq === event.seq)),
    },
  ];
}

/** Two resolvers, asked the same, say different things. */
function splitHorizon(view: View): Conclusion[] {
  const answers = resolvesOf(view).filter(
    (event) => event.error === null || event.error === 'not-found' || event.error === 'no-data',
  );
  return groupBy(answers, (event) => `${event.host} ${event.family}`).flatMap((group): Conclusion[] => {
    const [first] = group;
    const named = group.filter((event) => event.resolver !== undefined);
    const other = named.find((event) =>
      group.some((each) => each.resolver !== event.resolver && contradicts(each, event)),
    );
    if (other === undefined) return [];
    const told = group.map(
      (event) =>
        `${event.resolver ?? 'the system'}: ${event.addresses.length > 0 ? event.addresses.join(', ') : 'no address'}`,
    );
    return [
      {
        id: 'dns.split-horizon',
        subject: first.host,
        urls: unique(group.flatMap(({ urls }) => urls)),
        confidence: 'likely',
        params: { host: first.host, answers: told },
        evidence: view.evidence.where((event) => group.some(({ seq }) => seq === event.seq)),
      },
    ];
  });
}

/** Public and private addresses for one name, or an address and none: not the mere rotation of a large service. */
function contradicts(a: NameResolved, b: NameResolved): boolean {
  if ((a.addresses.length === 0) !== (b.addresses.length === 0)) return true;
  if (a.addresses.some((address) => b.addresses.includes(address))) return false;
  const kinds = (event: NameResolved): string[] => unique(event.addresses.map(addressKind));
  return kinds(a).join() !== kinds(b).join();
}

/** The name has addresses, none of a family that this machine can use. */
function noUsableFamily(view: View): Conclusion[] {
  const usable = ([4, 6] as const).filter((family) => hasFamily(view, family));
  if (usable.length !== 1) return [];
  const stranded = view.servers.filter((server) => !server.works && server.uri?.literal === undefined);
  return groupBy(stranded, nameOf).flatMap((group): Conclusion[] => {
    const host = nameOf(group[0]);
    const answers = resolvesOf(view).filter((event) => event.host === host && event.resolver === undefined);
    const addresses = unique(answers.flatMap((event) => event.addresses));
    const lacking = usable[0] === 4 ? 6 : 4;
    if (addresses.length === 0 || addresses.some((address) => (address.includes(':') ? 6 : 4) !== lacking)) return [];
    // The family that would help must have been asked for, and must have been answered.
    const asked = answers.some((event) => event.family === usable[0] || event.family === null);
    return [
      {
        id: 'dns.no-usable-family',
        subject: group[0].url,
        urls: group.map(({ url }) => url),
        confidence: asked ? 'certain' : 'likely',
        params: {
          host,
          addresses,
          record: lacking === 6 ? 'AAAA' : 'A',
          wanted: lacking === 6 ? 'A' : 'AAAA',
          lacking,
          usable: usable[0] ?? 4,
        },
        evidence: resolveEvidence(view, host, group),
      },
    ];
  });
}

function slow(view: View): Conclusion[] {
  const late = resolvesOf(view).filter(
    (event) =>
      event.source === 'dns' &&
      event.resolver === undefined &&
      event.error === null &&
      event.durationMs > view.thresholds.resolveMs,
  );
  return groupBy(late, (event) => event.host).map((group) => ({
    id: 'dns.slow',
    subject: group[0].host,
    urls: unique(group.flatMap(({ urls }) => urls)),
    // A lost packet or a busy machine of ours delays an answer as well.
    confidence: 'likely',
    params: {
      host: group[0].host,
      tookMs: Math.max(...group.map(({ durationMs }) => durationMs)),
      limitMs: view.thresholds.resolveMs,
      resolvers: view.observation.network.resolvers,
    },
    evidence: view.evidence.where((event) => group.some(({ seq }) => seq === event.seq)),
  }));
}

function resolvesOf(view: View): (RunEvent & NameResolved)[] {
  return view.events.filter((event) => event.type === 'resolve');
}

function failedResolve(server: ServerView['server'], cause: string): boolean {
  return server.resolve?.status === 'fail' && server.resolve.data.cause === cause;
}

function nameOf(server: ServerView): string {
  return server.uri?.host ?? server.url;
}

function resolveEvidence(view: View, host: string, servers: readonly ServerView[]): RunEvent[] {
  return view.evidence.where(
    (event) =>
      (event.type === 'resolve' && event.host === host) ||
      (event.type === 'stage' && event.stage === 'resolve' && servers.some(({ url }) => url === event.url)),
  );
}
