import { printable } from '../record/report.ts';
import {
  exposition,
  histogramExposition,
  type Labels,
  type MetricFamily,
  type MetricSample,
} from '../report/exposition.ts';
import { prometheusOf } from '../report/prometheus.ts';
import type { Monitor, Watched } from './monitor.ts';
import type { OwnFigures } from './own.ts';
import { DURATION_BOUNDS, type Tally } from './series.ts';

/** What `/metrics` answers: each target's last report, what adds up over its runs, and the monitor itself. */
export function monitorMetrics(monitor: Monitor, own: OwnFigures): string {
  return targetMetrics(monitor.targets) + ownMetrics(monitor, own);
}

/** What `/probe` answers: the same of one target. */
export function targetMetrics(targets: readonly Watched[]): string {
  const reports = targets.flatMap(({ name, last }) =>
    last === undefined ? [] : [{ target: printable(name), report: last.report }],
  );
  const of = (samples: (target: Watched) => readonly MetricSample[]): MetricSample[] =>
    targets.flatMap((target) =>
      samples(target).map(({ labels, value }) => ({ labels: { target: printable(target.name), ...labels }, value })),
    );
  return [
    prometheusOf(reports),
    counter(
      'iceprobe_runs_total',
      'Runs that gave a report, by verdict.',
      of(({ series }) => tallied(series.runs, 'verdict')),
    ),
    histogramExposition({
      name: 'iceprobe_run_seconds',
      help: 'How long runs took.',
      bounds: DURATION_BOUNDS,
      samples: targets.map(({ name, series }) => ({ labels: { target: printable(name) }, ...series.durations })),
    }),
    counter(
      'iceprobe_stages_total',
      'Stages walked, by URL and outcome.',
      of(({ series }) =>
        [...series.stages].flatMap(({ url, stage, outcomes }) =>
          tallied(outcomes, 'status').map(({ labels, value }) => ({
            labels: { url: printable(url), stage, ...labels },
            value,
          })),
        ),
      ),
    ),
    histogramExposition({
      name: 'iceprobe_stage_seconds',
      help: 'How long stages took that passed.',
      bounds: DURATION_BOUNDS,
      samples: targets.flatMap(({ name, series }) =>
        [...series.stages].map(({ url, stage, durations }) => ({
          labels: { target: printable(name), url: printable(url), stage },
          ...durations,
        })),
      ),
    }),
    counter(
      'iceprobe_changes_total',
      'Changes told, by kind.',
      of(({ series }) => tallied(series.changes, 'change')),
    ),
    counter(
      'iceprobe_runs_skipped_total',
      'Runs that the schedule wanted and that were not made: the target was busy still, or the monitor asleep.',
      of(({ series }) => tallied(series.skipped, 'reason')),
    ),
    counter(
      'iceprobe_faults_total',
      "Runs that gave no report, by a fault of iceprobe's own.",
      of(({ series }) => [{ value: series.faults }]),
    ),
    counter(
      'iceprobe_runs_discarded_total',
      'Runs that failed while the machine of the monitor stood still, and were made again.',
      of(({ series }) => [{ value: series.discarded }]),
    ),
    gauge(
      'iceprobe_interval_seconds',
      'From the begin of one run to that of the next; absent where runs are made on request only.',
      of(({ intervalMs }) => (intervalMs === undefined ? [] : [{ value: intervalMs / 1000 }])),
    ),
  ].join('');
}

function ownMetrics(monitor: Monitor, own: OwnFigures): string {
  const { lastReload, webhookQueued, logHeld } = own;
  const usage = process.cpuUsage();
  return [
    gauge('iceprobe_monitor_info', 'The version of the monitor.', [{ labels: { version: own.version }, value: 1 }]),
    gauge('iceprobe_monitor_targets', 'Targets that are watched.', [{ value: monitor.targets.length }]),
    gauge('iceprobe_monitor_running', 'Runs under way.', [{ value: monitor.running }]),
    gauge('iceprobe_monitor_waiting', 'Runs that are due and held up by --concurrency.', [{ value: monitor.waiting }]),
    counter('iceprobe_monitor_clock_jumps_total', 'How often the clock of the machine was set, or the machine slept.', [
      { value: monitor.clockJumps },
    ]),
    counter(
      'iceprobe_monitor_stalls_total',
      'How often the monitor did not run for more than a second: too much load.',
      [{ value: monitor.stalls }],
    ),
    counter(
      'iceprobe_monitor_reloads_total',
      'Readings of the configuration after the first.',
      tallied(own.reloads, 'result'),
    ),
    gauge('iceprobe_monitor_reload_success', 'Whether the last reading of the configuration was good.', [
      { value: lastReload?.ok === false ? 0 : 1 },
    ]),
    webhookQueued === undefined ? '' : webhookMetrics(own, webhookQueued()),
    gauge('iceprobe_monitor_log_lines_held', 'Lines of the log that could not be written yet.', [
      { value: logHeld?.() ?? 0 },
    ]),
    counter('iceprobe_monitor_log_lines_lost_total', 'Lines of the log that there was no room to hold.', [
      { value: own.logLost },
    ]),
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', [{ value: process.memoryUsage.rss() }]),
    counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', [
      { value: (usage.user + usage.system) / 1_000_000 },
    ]),
    gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', [
      { value: own.startedAt.getTime() / 1000 },
    ]),
  ].join('');
}

function webhookMetrics(own: OwnFigures, queued: number): string {
  return [
    gauge('iceprobe_monitor_webhook_queued', 'Changes that the webhook has not taken yet.', [{ value: queued }]),
    counter(
      'iceprobe_monitor_webhook_changes_total',
      'Changes by what became of them at the webhook.',
      tallied(own.webhook, 'result'),
    ),
    counter(
      'iceprobe_monitor_webhook_requests_total',
      'Requests to the webhook.',
      tallied(own.webhookRequests, 'result'),
    ),
  ].join('');
}

function tallied(tally: Tally, label: string): MetricSample[] {
  return [...tally].map(([word, value]) => ({ labels: { [label]: word } satisfies Labels, value }));
}

function counter(name: string, help: string, samples: MetricFamily['samples']): string {
  return exposition({ name, help, type: 'counter', samples });
}

function gauge(name: string, help: string, samples: MetricFamily['samples']): string {
  return exposition({ name, help, type: 'gauge', samples });
}
