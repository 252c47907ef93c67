import { judge } from '../../check/judge.ts';
import type { Target } from '../../check/targets/target.ts';
import type { MonitorTarget } from '../../monitor/monitor.ts';
import { DEFAULT_TIMEOUT_MS } from '../../probe/gather-options.ts';
import type { Report } from '../../record/report.ts';
import { observe } from '../suite/observe.ts';

/** A target of a configuration as the monitor takes it: each run asks what `iceprobe check` asks. */
export function monitored(target: Target): MonitorTarget {
  const { name, urls, options, retries, schedule } = target;
  return {
    name,
    urls,
    intervalMs: schedule.intervalMs === 0 ? undefined : schedule.intervalMs,
    jitterMs: schedule.jitterMs,
    longestMs: (1 + retries) * (options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    run: (signal) => run(target, signal),
  };
}

function run(target: Target, signal: AbortSignal): Promise<Report> {
  const { checks, allowances, failOn, retries } = target;
  return observe(
    () => ({
      ...target.options,
      iceServers: target.servers(),
      parts: ['gather', 'probe'],
      command: 'check',
      signal,
    }),
    {
      onEvent: () => {},
      withEvents: false,
      judge: (report) => judge(report, { checks, allowances, failOn }),
      // A later success counts: the schedule comes back soon enough to what is unreliable.
      retries,
    },
  );
}
