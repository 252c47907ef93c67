import { leadsBeyondLink } from '../../core/address.ts';
import type { FailureCause } from '../../core/attempt.ts';
import type { RunEvent } from '../../record/events.ts';
import { bounded } from '../evidence.ts';
import type { Failure, Target, View } from '../view.ts';

/** A target that failed, and how. */
export type FailedTarget = Target & { readonly failure: Failure };

export function failedTargets(view: View, test: (target: FailedTarget) => boolean = () => true): FailedTarget[] {
  return view.targets.filter(hasFailed).filter(test);
}

export function failedWith(view: View, ...causes: readonly FailureCause[]): FailedTarget[] {
  return failedTargets(view, (target) => causes.includes(causeOf(target)));
}

export function causeOf({ failure }: FailedTarget): FailureCause {
  return failure.stage.data.cause ?? 'timeout';
}

/** Targets of URLs without any target that works: what fails beside a working one is judged by rules of its own. */
export function fatal<T extends Target>(view: View, targets: readonly T[]): T[] {
  const working = new Set(view.servers.filter((server) => server.works).map((server) => server.url));
  return targets.filter((target) => !working.has(target.url));
}

/** Something came back from there, if only a refusal: packets travel both ways. */
export function isHeard(target: Target): boolean {
  const came = target.attempts.some((attempt) =>
    attempt.stages.some((stage) => stage.stage !== 'resolve' && (stage.status === 'pass' || stage.status === 'warn')),
  );
  return came || (hasFailed(target) && !NO_ANSWER.has(causeOf(target)));
}

/** The host says that nothing listens there. */
export function isRefused(target: Target): boolean {
  return hasFailed(target) && causeOf(target) === 'refused';
}

/** The server itself said something: a refusal may be a firewall's, and says nothing about any other port. */
export function hasAnswered(target: Target): boolean {
  return isHeard(target) && !isRefused(target);
}

/** This machine has an address of that family that leads somewhere. */
export function hasFamily(view: View, family: 4 | 6): boolean {
  return view.observation.network.interfaces.some((each) => each.family === family && leadsBeyondLink(each.kind));
}

/** Not a single packet came back, nor a refusal. */
export function isSilent(target: Target): target is FailedTarget {
  return hasFailed(target) && causeOf(target) === 'timeout' && !isHeard(target);
}

/** Enough was sent that loss does not explain the silence; a stream retransmits by itself. */
export function isSilentEnough(view: View, target: FailedTarget): boolean {
  return target.transport !== 'udp' || (target.failure.stage.data.requestsSent ?? 0) >= view.thresholds.sendsForSilence;
}

export function hostOf(target: Target): string {
  return target.uri?.host ?? target.address;
}

export function isStream(target: Target): boolean {
  return target.transport !== 'udp';
}

/** `192.0.2.1:3478/udp`: several URLs may lead to the same place. */
export function placeOf(target: Target): string {
  return `${endpointOf(target)}/${target.transport}`;
}

export function endpointOf(target: Target): string {
  return target.family === 6 ? `[${target.address}]:${target.port}` : `${target.address}:${target.port}`;
}

export function groupBy<T>(items: readonly T[], key: (item: T) => string): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

export function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}

export function urlsOf(targets: readonly Target[]): string[] {
  return unique(targets.map((target) => target.url));
}

export function evidenceOf(view: View, targets: readonly FailedTarget[]): RunEvent[] {
  return bounded(targets.flatMap(({ failure }) => view.evidence.ofStage(failure.attempt, failure.stage.stage)));
}

export function hasFailed(target: Target): target is FailedTarget {
  return target.failure !== undefined;
}

const NO_ANSWER: ReadonlySet<FailureCause> = new Set<FailureCause>([
  'timeout',
  'unreachable',
  'local',
  'not-run',
  'unsupported',
]);
