import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import { passed, stageOf, type Target, type View } from '../view.ts';
import {
  causeOf,
  endpointOf,
  evidenceOf,
  type FailedTarget,
  groupBy,
  hasFailed,
  hasFamily,
  hostOf,
  isHeard,
  isRefused,
  isSilentEnough,
  unique,
  urlsOf,
} from './targets.ts';

/** One name, several addresses: what differs between them. */
export const familyRules: readonly Rule[] = [ipv6Broken, aaaaNotServed, oneAddressBad, nodesDiffer, nat64Literal];

/** IPv6 towards several hosts dies, while IPv4 works and this machine has an IPv6 address that should do. */
function ipv6Broken(view: View): Conclusion[] {
  const lost = unanswered6(view);
  if (
    !hasGlobal6(view) ||
    lost.length === 0 ||
    view.everything.some((target) => target.family === 6 && isHeard(target))
  ) {
    return [];
  }
  const hosts = unique(lost.map(hostOf));
  const control = view.everything.find((target) => target.family === 4 && isHeard(target));
  // A single silent host: its own IPv6 may be what is broken.
  const several = hosts.length >= 2;
  if (control === undefined || !(several || lost.every((target) => causeOf(target) === 'unreachable'))) return [];
  return [
    {
      id: 'net.ipv6-broken',
      subject: lost[0]?.url ?? 'IPv6',
      urls: urlsOf(lost),
      confidence: several && lost.every((target) => isSilentEnough(view, target)) ? 'likely' : 'possible',
      params: {
        hosts,
        interfaces: unique(view.observation.network.interfaces.filter(isGlobal6).map(({ name }) => name)),
        control: control.url,
        endpoints: unique(lost.map(endpointOf)),
      },
      ruledOut: ['no-network'],
      evidence: evidenceOf(view, lost),
    },
  ];
}

/** The name has an AAAA record, IPv6 works elsewhere (or reaches the host and is refused), the server does not answer on it. */
function aaaaNotServed(view: View): Conclusion[] {
  const works6 = view.everything.find((target) => target.family === 6 && isHeard(target) && !isRefused(target));
  const candidates = view.targets.filter(hasFailed).filter((target) => target.family === 6 && beside(view, target, 4));
  const failed = candidates.filter(
    (target) => isRefused(target) || (works6 !== undefined && hostOf(works6) !== hostOf(target) && !isHeard(target)),
  );
  return groupBy(failed, hostOf).map((group) => {
    const [target] = group;
    return {
      id: 'net.aaaa-not-served',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'likely',
      params: {
        host: hostOf(target),
        address: target.address,
        endpoint: endpointOf(target),
        refused: isRefused(target),
        control: works6?.url ?? null,
        waitedMs: target.failure.stage.ms,
      },
      ruledOut: works6 === undefined ? [] : ['no-network'],
      evidence: evidenceOf(view, group),
    };
  });
}

/** Some of a name's addresses of one family work, another fails: one call in so many fails. */
function oneAddressBad(view: View): Conclusion[] {
  const bad = view.targets
    .filter(hasFailed)
    .filter((target) => beside(view, target, target.family) && target.uri?.literal === undefined)
    .filter((target) => causeOf(target) !== 'timeout' || isSilentEnough(view, target));
  return groupBy(bad, (target) => `${hostOf(target)} ${target.address}`).map((group) => {
    const [target] = group;
    const siblings = unique(
      view.targets
        .filter((each) => hostOf(each) === hostOf(target) && each.family === target.family)
        .map(({ address }) => address),
    );
    return {
      id: 'net.one-address-bad',
      subject: target.url,
      urls: urlsOf(group),
      confidence: 'likely',
      params: {
        host: hostOf(target),
        address: target.address,
        count: siblings.length,
        working: siblings.filter((address) => address !== target.address),
        stage: target.failure.stage.stage,
        problem: target.failure.stage.detail,
      },
      ruledOut: ['no-network'],
      evidence: evidenceOf(view, group),
    };
  });
}

/** Addresses of one name answer as different servers: balanced over machines that were not set up alike. */
function nodesDiffer(view: View): Conclusion[] {
  const named = view.targets.filter((target) => target.uri?.literal === undefined);
  return groupBy(named, (target) => `${hostOf(target)} ${target.port} ${target.transport}`).flatMap(
    (group): Conclusion[] => {
      const nodes = group.map((target) => ({ target, ...tellOf(target) }));
      const differing = (['realm', 'software', 'credentials'] as const).filter((key) =>
        nodes.some((one) => nodes.some((other) => differ(one, other, key))),
      );
      if (differing.length === 0) return [];
      const told = nodes.map(
        (node) => `${node.target.address}: ${differing.map((key) => `${key} ${node[key] ?? 'unknown'}`).join(', ')}`,
      );
      return [
        {
          id: 'net.nodes-differ',
          subject: group[0].url,
          urls: urlsOf(group),
          confidence: 'certain',
          params: { host: hostOf(group[0]), differing, nodes: told },
          evidence: view.evidence.where(
            (event) =>
              event.type === 'stage' &&
              (event.stage === 'challenge' || event.stage === 'allocate') &&
              group.some(({ url }) => url === event.url),
          ),
        },
      ];
    },
  );
}

type Node = Tells & { readonly target: Target };

/** Two addresses that say different things; of credentials, about the same account. */
function differ(one: Node, other: Node, key: keyof Tells): boolean {
  if (one.target.address === other.target.address || one[key] === undefined || other[key] === undefined) return false;
  if (key === 'credentials' && one.target.entry?.username !== other.target.entry?.username) return false;
  return one[key] !== other[key];
}

interface Tells {
  readonly realm: string | undefined;
  readonly software: string | undefined;
  readonly credentials: string | undefined;
}

function tellOf(target: Target): Tells {
  const stages = target.attempts.flatMap((attempt) => [stageOf(attempt, 'challenge'), stageOf(attempt, 'allocate')]);
  const datas = stages.flatMap((stage) => (stage === undefined ? [] : [stage.data]));
  const rejected = datas.some((data) => data.authenticated === true && data.errorCode === 401);
  // STUN works without any: only an allocation shows that they were accepted.
  const accepted = target.attempts.some((attempt) => passed(attempt, 'allocate'));
  return {
    realm: datas.find((data) => data.realm !== undefined)?.realm,
    software: datas.find((data) => data.software !== undefined)?.software,
    credentials: rejected ? 'rejected' : accepted ? 'accepted' : undefined,
  };
}

/** RFC 7050: a network that translates has an AAAA for ipv4only.arpa. A literal gives the translator no name to work on. */
function nat64Literal(view: View): Conclusion[] {
  const translator = view.evidence.where(
    (event) =>
      event.type === 'resolve' && event.host === 'ipv4only.arpa' && event.addresses.some((each) => each.includes(':')),
  );
  if (translator.length === 0 || hasFamily(view, 4)) return [];
  return view.servers
    .filter((server) => server.uri?.literal === 4 && !server.works)
    .map(({ url, uri }) => ({
      id: 'net.nat64-literal',
      subject: url,
      urls: [url],
      confidence: 'likely',
      params: { url, address: uri?.host ?? '' },
      evidence: translator,
    }));
}

/** A target of the same URL in that family, at another address, works. */
function beside(view: View, target: FailedTarget, family: 4 | 6): boolean {
  return view.targets.some(
    (other) =>
      other.url === target.url &&
      other.address !== target.address &&
      other.family === family &&
      other.outcome === 'works',
  );
}

function unanswered6(view: View): FailedTarget[] {
  return view.targets
    .filter(hasFailed)
    .filter(
      (target) => target.family === 6 && ['timeout', 'unreachable'].includes(causeOf(target)) && !isHeard(target),
    );
}

type Interface = View['observation']['network']['interfaces'][number];

function hasGlobal6(view: View): boolean {
  return view.observation.network.interfaces.some(isGlobal6);
}

function isGlobal6(each: Interface): boolean {
  return each.family === 6 && (each.kind === 'public' || each.kind === 'vpn');
}
