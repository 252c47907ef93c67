import type { RunEvent } from './events.ts';

/** The events of one run. */
export interface RunEvents {
  /** The target that was tested, where several were. */
  readonly target: string | undefined;
  readonly events: readonly RunEvent[];
}

export interface RepeatedRun extends RunEvents {
  /** How many runs of the same there were before it (`--retries`). */
  readonly earlier: number;
}

/**
 * The runs in a stream as `--format ndjson` writes it: that of each target, whose events come mixed, and of runs that were
 * repeated the last, which is the one that counted.
 */
export function runsOf(events: readonly (RunEvent & { readonly target?: string })[]): readonly RepeatedRun[] {
  const runs = new Map<string | undefined, { events: RunEvent[]; earlier: number }>();
  for (const { target, ...event } of events) {
    const known = runs.get(target);
    const begins = known === undefined || (event.type === 'run-started' && known.events.length > 0);
    if (begins) runs.set(target, { events: [event], earlier: known === undefined ? 0 : known.earlier + 1 });
    else known.events.push(event);
  }
  return [...runs].map(([target, run]) => ({ target, ...run }));
}
