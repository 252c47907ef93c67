/**
 * How long an idle UDP binding lives (RFC 5780 4.6), by many sockets at once: each is opened at the start and asked for
 * after its own idle time, so that the whole measurement takes little longer than the lifetime itself.
 */

/** Idle times in seconds, each `ratio` times the one before: their distance bounds the error of the result. */
export function idleTimes(fromSeconds: number, toSeconds: number, ratio: number): number[] {
  const times: number[] = [];
  for (let t = fromSeconds; t < toSeconds; t *= ratio) times.push(Math.round(t * 1000) / 1000);
  times.push(toSeconds);
  return times;
}

export interface IdleSample {
  readonly idleSeconds: number;
  readonly alive: boolean;
}

export interface LifetimeVerdict {
  /** Seconds; null where it outlived the longest idle time, or nothing was alive at all. */
  readonly seconds: number | null;
  /** The longest idle time after which a binding was alive, and the shortest after which none was. */
  readonly aliveAt: number | null;
  readonly deadAt: number | null;
  readonly reason: string;
}

/** Where the living end and the dead begin. Samples that contradict each other (a dead one before a living) are loss. */
export function lifetimeVerdict(samples: readonly IdleSample[]): LifetimeVerdict {
  const aliveAt = Math.max(...samples.filter((sample) => sample.alive).map((sample) => sample.idleSeconds), -1);
  const deadAfter = samples.filter((sample) => !sample.alive && sample.idleSeconds > aliveAt);
  const deadAt = Math.min(...deadAfter.map((sample) => sample.idleSeconds), Number.POSITIVE_INFINITY);
  if (aliveAt < 0) {
    return {
      seconds: null,
      aliveAt: null,
      deadAt: Number.isFinite(deadAt) ? deadAt : null,
      reason: 'no binding was found alive',
    };
  }
  if (!Number.isFinite(deadAt)) {
    return { seconds: null, aliveAt, deadAt: null, reason: `alive after ${aliveAt} s, the longest time tried` };
  }
  // The geometric middle: the error is the same part of the result wherever it lies.
  const seconds = Math.round(Math.sqrt(aliveAt * deadAt) * 10) / 10;
  return { seconds, aliveAt, deadAt, reason: `alive after ${aliveAt} s, dead after ${deadAt} s` };
}
