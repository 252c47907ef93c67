import type { Instant } from '../core/time.ts';

/** The clock of one run. Monotonic: a step of the wall clock in the middle of a run must not move a deadline. */
export interface Clock {
  /** Milliseconds since the clock was started. */
  readonly now: () => Instant;
  /** The wall clock when it was started. */
  readonly startedAt: Date;
}

export function startClock(): Clock {
  const origin = performance.now();
  return { now: () => performance.now() - origin, startedAt: new Date() };
}
