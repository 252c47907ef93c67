import { judge } from '../../check/judge.ts';
import type { Target } from '../../check/targets/target.ts';
import { finishRun } from '../../diagnosis/make-report.ts';
import type { MonitorTarget } from '../../monitor/monitor.ts';
import { DEFAULT_TIMEOUT_MS } from '../../probe/gather-options.ts';
import { startSuite } from '../../probe/suite.ts';
import type { Report } from '../../record/report.ts';

/** A target of a configuration as the monitor takes it: each run asks what `iceprobe check` asks. */
export function monitored(target: Target): MonitorTarget {
  const { name, urls, options, retries, schedule } = target;
  return {
    name,
    urls,
    intervalMs: schedule.intervalMs === 0 ? undefined : schedule.intervalMs,
    jitterMs: schedule.jitterMs,
    longestMs: (1 + retries) * (options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    run: (signal) => runWithRetries(target, signal),
  };
}

/** A later success counts: the schedule comes back soon enough to what is unreliable. */
async function runWithRetries(target: Target, signal: AbortSignal): Promise<Report> {
  for (let attempt = 0; ; attempt++) {
    const report = await runOnce(target, signal);
    if (report.exitCode === 0 || attempt >= target.retries || signal.aborted) return report;
  }
}

async function runOnce(target: Target, signal: AbortSignal): Promise<Report> {
  const { checks, allowances, failOn } = target;
  const run = startSuite(
    { ...target.options, iceServers: target.servers(), parts: ['gather', 'probe'], command: 'check', signal },
    finishRun,
  );
  return judge(await run.report, { checks, allowances, failOn, today: new Date().toISOString().slice(0, 10) });
}
