import { addressKind, isPrivateKind, parseSocketAddress } from '../../core/address.ts';
import type { Conclusion } from '../conclusion.ts';
import type { Rule } from '../diagnose.ts';
import type { Target, View } from '../view.ts';
import { endpointOf, groupBy, hostOf, placeOf, unique, urlsOf } from './targets.ts';

export const stunRules: readonly Rule[] = [privateMapped, algRewrites, malformed];

interface Mapped {
  readonly target: Target;
  readonly attempt: Target['attempts'][number];
  readonly mapped: string;
  readonly plain: string | undefined;
}

function mappedAddresses(view: View): Mapped[] {
  return view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) =>
      attempt.stages.flatMap(({ data }): Mapped[] =>
        data.mappedAddress === undefined
          ? []
          : [{ target, attempt, mapped: data.mappedAddress, plain: data.plainMappedAddress }],
      ),
    ),
  );
}

/** A server on the internet sees us come from a private address: something before it replaces the source (coturn#669). */
function privateMapped(view: View): Conclusion[] {
  const wrong = mappedAddresses(view).filter(({ target, attempt, mapped }) => {
    const address = parseSocketAddress(mapped)?.address ?? '';
    // Our own address, unchanged: the two are joined without a NAT between them, as in a routed site.
    if (address === attempt.localAddress) return false;
    return isPrivateKind(addressKind(address)) && !isPrivateKind(addressKind(target.address));
  });
  return groupBy(wrong, ({ target }) => target.address).map((group) => {
    const [{ target, attempt, mapped }] = group;
    return {
      id: 'stun.private-mapped',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: 'likely',
      params: { server: endpointOf(target), mapped, all: unique(group.map((each) => each.mapped)) },
      evidence: view.evidence.ofStage(attempt, 'binding'),
    };
  });
}

/** The two spellings of one address differ: the plain one was changed on the way (RFC 8489 14.2 is there because of it). */
function algRewrites(view: View): Conclusion[] {
  const rewritten = mappedAddresses(view).filter(({ mapped, plain }) => plain !== undefined && plain !== mapped);
  const found = groupBy(rewritten, ({ target }) => hostOf(target)).map((group): Conclusion => {
    const [{ target, attempt, mapped, plain }] = group;
    return {
      id: 'stun.alg-rewrites',
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: 'likely',
      params: { mapped, plain: plain ?? null },
      evidence: view.evidence.ofStage(attempt, 'binding'),
    };
  });
  const tested = view.events.find((event) => event.type === 'nat-test' && event.plainMappedAddress !== undefined);
  if (found.length > 0 || tested?.type !== 'nat-test') return found;
  return [
    {
      id: 'stun.alg-rewrites',
      subject: tested.interface ?? tested.local,
      urls: [],
      confidence: 'likely',
      params: { mapped: tested.mappedAddress, plain: tested.plainMappedAddress ?? null },
      evidence: [tested],
    },
  ];
}

/** What came from the server's own address and port and is STUN that breaks the rules of STUN. */
function malformed(view: View): Conclusion[] {
  const stages = view.targets.flatMap((target) =>
    target.attempts.flatMap((attempt) =>
      attempt.stages
        .filter(({ data }) => data.cause === 'malformed')
        .map((stage) => ({ target, attempt, stage, problem: stage.data.problem ?? stage.detail })),
    ),
  );
  return groupBy(stages, ({ target, problem }) => `${placeOf(target)} ${problem}`).map((group) => {
    const [{ target, attempt, stage, problem }] = group;
    return {
      id: 'stun.malformed',
      // Where it is why a URL gives nothing, it is no mere remark.
      ...(group.every((each) => each.target.outcome === 'fails') ? { severity: 'error' } : {}),
      subject: target.url,
      urls: urlsOf(group.map((each) => each.target)),
      confidence: 'certain',
      params: { endpoint: endpointOf(target), problem, software: stage.data.software ?? '' },
      evidence: view.evidence.ofStage(attempt, stage.stage),
    };
  });
}
