import type { Target } from '../../check/targets/target.ts';
import type { MonitorTarget } from '../../monitor/monitor.ts';
import { DEFAULT_TIMEOUT_MS } from '../../probe/gather-options.ts';
import { askTarget } from '../targets/ask.ts';

/** A target of a configuration as the monitor takes it: each run asks what `iceprobe check` asks. */
export function monitored(target: Target): MonitorTarget {
  const { name, urls, options, retries, schedule } = target;
  return {
    name,
    urls,
    intervalMs: schedule.intervalMs === 0 ? undefined : schedule.intervalMs,
    jitterMs: schedule.jitterMs,
    longestMs: (1 + retries) * (options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    // A later success counts: the schedule comes back soon enough to what is unreliable.
    run: (signal) => askTarget(target, signal, { onEvent: () => {}, withEvents: false }),
  };
}
