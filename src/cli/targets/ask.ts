import { judge } from '../../check/judge.ts';
import type { Target } from '../../check/targets/target.ts';
import type { Report } from '../../record/report.ts';
import { type Observing, observe } from '../suite/observe.ts';

/**
 * Asks a target what `iceprobe check` asks, as often as it says, and holds the answer to what it expects.
 */
export function askTarget(
  target: Target,
  signal: AbortSignal,
  observing: Omit<Observing, 'judge' | 'retries'>,
): Promise<Report> {
  const { checks, allowances, failOn, retries } = target;
  return observe(
    () => ({
      ...target.options,
      iceServers: target.servers(),
      parts: ['gather', 'probe'],
      command: 'check',
      signal,
    }),
    { ...observing, judge: (report) => judge(report, { checks, allowances, failOn }), retries },
  );
}
