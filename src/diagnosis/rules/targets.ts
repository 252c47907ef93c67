import type { FailureCause } from '../../core/attempt.ts';
import type { RunEvent } from '../../record/events.ts';
import type { Failure, Target, View } from '../view.ts';

/** A target that failed, and how. */
export type FailedTarget = Target & { readonly failure: Failure };

export function failedTargets(view: View, test: (target: FailedTarget) => boolean = () => true): FailedTarget[] {
  return view.targets.filter(hasFailed).filter(test);
}

export function failedWith(view: View, ...causes: readonly FailureCause[]): FailedTarget[] {
  return failedTargets(
    view,
    ({ failure }) => failure.stage.data.cause !== undefined && causes.includes(failure.stage.data.cause),
  );
}

/** Targets of URLs without any target that works: what fails beside a working one is judged by rules of its own. */
export function fatal<T extends Target>(view: View, targets: readonly T[]): T[] {
  const working = new Set(view.servers.filter((server) => server.works).map((server) => server.url));
  return targets.filter((target) => !working.has(target.url));
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

export function urlsOf(targets: readonly Target[]): string[] {
  return [...new Set(targets.map((target) => target.url))];
}

export function evidenceOf(view: View, targets: readonly FailedTarget[]): RunEvent[] {
  return targets.flatMap(({ failure }) => view.evidence.ofStage(failure.attempt, failure.stage.stage)).slice(0, 12);
}

function hasFailed(target: Target): target is FailedTarget {
  return target.failure !== undefined;
}
