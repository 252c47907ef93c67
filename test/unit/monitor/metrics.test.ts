import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { monitorMetrics, targetMetrics } from '../../../src/monitor/metrics.ts';
import { Monitor, type MonitorTarget } from '../../../src/monitor/monitor.ts';
import { OwnFigures } from '../../../src/monitor/own.ts';
import { DURATION_BOUNDS, Histogram } from '../../../src/monitor/series.ts';
import type { Report } from '../../../src/record/report.ts';
import { describeNeeding, pathOf } from '../../support/needs.ts';
import { finding, healthyAttempt, report } from '../check/report.ts';
import { VirtualClock } from './virtual-clock.ts';

const URL_A = 'turn:a.example.org';
const EVIL = 'x"\\\n} 1\nforged{a="b';

function world(targets: readonly (readonly [string, readonly string[], () => Report])[]) {
  const clock = new VirtualClock();
  const monitor = new Monitor({
    clock,
    random: () => 0,
    concurrency: 10,
    confirm: 1,
    onChange: () => {},
    onRemark: () => {},
  });
  const own = new OwnFigures('0.0.0', clock.wall());
  own.webhookQueued = () => 3;
  const set = (list: typeof targets): void =>
    monitor.setTargets(
      list.map(
        ([name, urls, run]): MonitorTarget => ({
          name,
          urls,
          intervalMs: 10_000,
          jitterMs: 0,
          longestMs: 1000,
          run: async () => run(),
        }),
      ),
    );
  set(targets);
  return { clock, monitor, own, set };
}

const slow = report([URL_A], {
  durationMs: 3000,
  servers: [
    {
      url: URL_A,
      verdict: 'ok',
      attempts: [
        healthyAttempt(URL_A, {
          stages: [
            { stage: 'allocate', status: 'pass', ms: 30, detail: '', data: {} },
            { stage: 'refresh', status: 'fail', ms: 9000, detail: '', data: {} },
            { stage: 'channel', status: 'skip', ms: 0, detail: '', data: {} },
          ],
        }),
      ],
    },
    { url: 'stun:control.example.org', control: 'beside it', verdict: 'ok', attempts: [healthyAttempt('stun:c')] },
  ],
});

/** The value of a series. */
function valueIn(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('the metrics of the monitor', () => {
  it('tell what adds up over the runs, with all that may yet happen at 0', async () => {
    const { clock, monitor } = world([['a', [URL_A], () => slow]]);
    await clock.pass(25_000);
    const text = targetMetrics(monitor.targets);
    expect(valueIn(text, 'iceprobe_up{target="a"}')).toBe(1);
    expect(valueIn(text, 'iceprobe_runs_total{target="a",verdict="ok"}')).toBe(3);
    expect(valueIn(text, 'iceprobe_runs_total{target="a",verdict="error"}')).toBe(0);
    expect(valueIn(text, 'iceprobe_changes_total{target="a",change="down"}')).toBe(0);
    expect(valueIn(text, 'iceprobe_run_seconds_bucket{target="a",le="2.5"}')).toBe(0);
    expect(valueIn(text, 'iceprobe_run_seconds_bucket{target="a",le="5"}')).toBe(3);
    expect(valueIn(text, 'iceprobe_run_seconds_bucket{target="a",le="+Inf"}')).toBe(3);
    expect(valueIn(text, 'iceprobe_run_seconds_sum{target="a"}')).toBe(9);
    const allocate = `target="a",url="${URL_A}",stage="allocate"`;
    expect(valueIn(text, `iceprobe_stage_seconds_bucket{${allocate},le="0.025"}`)).toBe(0);
    expect(valueIn(text, `iceprobe_stage_seconds_bucket{${allocate},le="0.05"}`)).toBe(3);
    expect(valueIn(text, `iceprobe_stage_seconds_count{${allocate}}`)).toBe(3);
    const refresh = `target="a",url="${URL_A}",stage="refresh"`;
    expect(valueIn(text, `iceprobe_stages_total{${refresh},status="fail"}`)).toBe(3);
    // How long a failure took says how long somebody waited.
    expect(valueIn(text, `iceprobe_stage_seconds_count{${refresh}}`)).toBe(0);
    expect(text).not.toMatch(/stage="channel"|control\.example/);
    expect(valueIn(text, 'iceprobe_interval_seconds{target="a"}')).toBe(10);
  });

  it('forget URLs and targets that are gone', async () => {
    const { clock, monitor, own, set } = world([
      ['a', [URL_A], () => slow],
      ['b', [URL_A], () => slow],
    ]);
    await clock.pass(5000);
    const other = report(['stun:other.example.org']);
    set([['a', ['stun:other.example.org'], () => other]]);
    await clock.pass(10_000);
    const text = monitorMetrics(monitor, own);
    expect(text).not.toContain(URL_A);
    expect(text).not.toContain('target="b"');
    expect(text).toContain('url="stun:other.example.org"');
  });

  it('count a bound to its bucket', () => {
    const histogram = new Histogram();
    for (const bound of DURATION_BOUNDS) histogram.observe(bound);
    histogram.observe(11);
    expect(histogram.counts).toEqual([...DURATION_BOUNDS.map(() => 1), 1]);
  });
});

describeNeeding('promtool')('promtool', () => {
  it('finds nothing to say, whatever targets and servers are called', async () => {
    const evil = report([EVIL], {
      findings: [finding({ id: 'net.refused', subject: EVIL, title: EVIL })],
      expectations: [{ text: EVIL, met: false, value: EVIL }],
      verdict: 'error',
      exitCode: 1,
    });
    const { clock, monitor, own } = world([
      [EVIL, [EVIL], () => evil],
      ['a', [URL_A], () => slow],
      ['never', [URL_A], () => Promise.reject(new Error('a fault')) as unknown as Report],
    ]);
    await clock.pass(25_000);
    const text = monitorMetrics(monitor, own);
    const { status, stdout, stderr } = spawnSync(pathOf('promtool'), ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(text).not.toMatch(/^forged/m);
    expect(text).toContain('iceprobe_faults_total{target="never"} 3\n');
  });
});
