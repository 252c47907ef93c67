import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/core/random.ts';
import type { Change } from '../../../src/monitor/health.ts';
import { Monitor, type MonitorOptions, type MonitorTarget } from '../../../src/monitor/monitor.ts';
import type { Report } from '../../../src/record/report.ts';
import { finding, report } from '../check/report.ts';
import { settled, VirtualClock } from './virtual-clock.ts';

const good = report(['turn:a']);
const bad = report(['turn:a'], {
  findings: [finding({ id: 'net.refused', subject: 'turn:a' })],
  verdict: 'error',
  exitCode: 1,
});

interface World {
  readonly clock: VirtualClock;
  readonly monitor: Monitor;
  readonly changes: Change[];
  readonly remarks: string[];
}

function world(options: Partial<MonitorOptions> = {}): World {
  const clock = new VirtualClock();
  const changes: Change[] = [];
  const remarks: string[] = [];
  const monitor = new Monitor({
    clock,
    random: () => 0,
    concurrency: 10,
    confirm: 1,
    onChange: (change) => changes.push(change),
    onRemark: (text) => remarks.push(text),
    ...options,
  });
  return { clock, monitor, changes, remarks };
}

function target(name: string, run: MonitorTarget['run'], rest: Partial<MonitorTarget> = {}): MonitorTarget {
  return { name, urls: ['turn:a'], intervalMs: 30_000, jitterMs: 0, longestMs: 10_000, run, ...rest };
}

/** A run of that many milliseconds, which an abort ends at once. */
function lasting(clock: VirtualClock, ms: number, outcome: () => Report): MonitorTarget['run'] {
  return (signal) =>
    new Promise((resolve) => {
      const end = clock.after(ms, () => resolve(outcome()));
      signal.addEventListener('abort', () => {
        end.cancel();
        resolve(outcome());
      });
    });
}

describe('the monitor', () => {
  it('watches 200 targets for an hour, tells an outage of all once each, and leaves nothing behind', async () => {
    const random = seededRandom(3);
    const { clock, monitor, changes } = world({ random: () => (random.bytes(1)[0] ?? 0) / 256, concurrency: 20 });
    let isUp = true;
    let running = 0;
    let most = 0;
    const run: MonitorTarget['run'] = (signal) => {
      most = Math.max(most, ++running);
      return lasting(clock, 300, () => (isUp ? good : bad))(signal).finally(() => running--);
    };
    monitor.setTargets(Array.from({ length: 200 }, (_, index) => target(`t${index}`, run, { jitterMs: 3000 })));
    await clock.pass(20 * 60_000);
    isUp = false;
    await clock.pass(10 * 60_000);
    isUp = true;
    await clock.pass(30 * 60_000);
    for (const kind of ['down', 'recovered', 'new-finding', 'gone']) {
      const names = changes.filter(({ change }) => change === kind).map(({ target: name }) => name);
      expect(names).toHaveLength(200);
      expect(new Set(names).size).toBe(200);
    }
    expect(changes).toHaveLength(800);
    const runs = monitor.targets.map(({ series }) => [...series.runs.values()].reduce((sum, count) => sum + count, 0));
    expect(Math.min(...runs)).toBeGreaterThanOrEqual(119);
    expect(Math.max(...runs)).toBeLessThanOrEqual(121);
    expect(most).toBeLessThanOrEqual(20);
    await monitor.close();
    expect(running).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('aborts what runs when it closes, and tells nothing of runs that were cut short', async () => {
    const { clock, monitor, changes } = world();
    let aborted = 0;
    const run: MonitorTarget['run'] = (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted++;
          clock.after(500, () => resolve(bad));
        });
      });
    monitor.setTargets([target('a', run), target('b', run)]);
    await clock.pass(1500);
    expect(monitor.running).toBe(2);
    let isClosed = false;
    const closing = monitor.close().then(() => {
      isClosed = true;
    });
    await settled();
    expect(aborted).toBe(2);
    expect(isClosed).toBe(false);
    await clock.pass(500);
    await closing;
    expect(changes).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it("counts its own faults, tells each once, and never takes one for the target's", async () => {
    const { clock, monitor, changes, remarks } = world();
    let fails = true;
    const run: MonitorTarget['run'] = async () => {
      if (fails) throw new TypeError('cannot read that');
      return good;
    };
    monitor.setTargets([target('a', run)]);
    await clock.pass(95_000);
    expect(monitor.targets[0]?.series.faults).toBe(4);
    expect(remarks).toHaveLength(1);
    expect(remarks[0]).toMatch(/fault of iceprobe's own in a run of a.*TypeError: cannot read that/);
    expect(monitor.targets[0]?.health.state).toBeUndefined();
    fails = false;
    await clock.pass(30_000);
    fails = true;
    await clock.pass(30_000);
    expect(remarks).toHaveLength(2);
    expect(changes).toEqual([]);
  });

  it('gives up a run that does not end, so that its place is free again', async () => {
    const { clock, monitor, remarks } = world({ concurrency: 1 });
    const run: MonitorTarget['run'] = () => new Promise(() => {});
    monitor.setTargets([target('stuck', run), target('fine', async () => good)]);
    await clock.pass(21_000);
    expect(remarks[0]).toMatch(/Stuck: the run did not end 10 s after its deadline/);
    expect(monitor.targets.find(({ name }) => name === 'fine')?.last).toBeDefined();
    expect(monitor.targets.find(({ name }) => name === 'stuck')?.series.faults).toBe(1);
  });

  it('makes a run again that failed while this machine stood still, and blames no server for that', async () => {
    const { clock, monitor, changes, remarks } = world();
    const outcomes = [bad, good, bad, bad, bad];
    let runs = 0;
    const run: MonitorTarget['run'] = (signal) => {
      runs++;
      return lasting(clock, 2000, () => outcomes.shift() ?? good)(signal);
    };
    monitor.setTargets([target('a', run, { intervalMs: 600_000 })]);
    await clock.pass(1000);
    clock.stall(30_000);
    await clock.pass(10_000);
    expect(runs).toBe(2);
    expect(changes).toEqual([]);
    expect(remarks).toEqual(['this machine stood still for 30 s: runs that failed meanwhile are made again']);
    expect(monitor.targets[0]?.series.discarded).toBe(1);
    expect(monitor.targets[0]?.series.runs.get('ok')).toBe(1);
    // One that always stands still must not hide an outage: the third counts.
    const asked = monitor.probe('a');
    for (let i = 0; i < 3; i++) {
      await clock.pass(1000);
      clock.stall(3000);
      await clock.pass(100);
    }
    expect((await asked)?.health.state).toBe('down');
    expect(runs).toBe(5);
    expect(changes.map(({ change }) => change)).toEqual(['down', 'new-finding']);
    expect(monitor.stalls).toBe(4);
    expect(remarks).toHaveLength(1);
  });

  it('lets a run end that was held up together with its deadline', async () => {
    const { clock, monitor, remarks } = world();
    const run: MonitorTarget['run'] = (signal) => lasting(clock, 9000, () => good)(signal);
    monitor.setTargets([target('a', run)]);
    await clock.pass(1000);
    clock.stall(120_000);
    await clock.pass(5000);
    expect(remarks.filter((text) => text.includes('fault'))).toEqual([]);
    expect(monitor.targets[0]?.health.state).toBe('up');
  });

  it('says once that the schedule cannot be kept, and once that it is again', async () => {
    const { clock, monitor, remarks } = world({ concurrency: 1 });
    let ms = 20_000;
    const run: MonitorTarget['run'] = (signal) => lasting(clock, ms, () => good)(signal);
    const slow = { longestMs: 60_000 };
    monitor.setTargets([target('a', run, slow), target('b', run, slow)]);
    await clock.pass(300_000);
    expect(remarks).toHaveLength(1);
    expect(remarks[0]).toMatch(/cannot be kept.*raise --concurrency/);
    ms = 100;
    await clock.pass(300_000);
    expect(remarks.slice(1)).toEqual(['the schedule is kept again']);
  });

  it('says that the clock was set, in both directions, and keeps the schedule', async () => {
    const { clock, monitor, remarks } = world();
    let runs = 0;
    monitor.setTargets([
      target('a', async () => {
        runs++;
        return good;
      }),
    ]);
    await clock.pass(60_000);
    expect(runs).toBe(3);
    clock.wallOffset += 3_600_000;
    await clock.pass(60_000);
    clock.wallOffset -= 2 * 3_600_000;
    await clock.pass(60_000);
    // A time server's correction is nothing to tell.
    clock.wallOffset += 500;
    await clock.pass(60_000);
    expect(remarks).toHaveLength(2);
    expect(remarks[0]).toMatch(/jumped 60 min ahead/);
    expect(remarks[1]).toMatch(/jumped 2 h 0 min back/);
    expect(monitor.clockJumps).toBe(2);
    expect(runs).toBe(9);
  });

  it('shares one run among all who ask for it', async () => {
    const { clock, monitor } = world();
    let runs = 0;
    const run: MonitorTarget['run'] = (signal) => {
      runs++;
      return lasting(clock, 1000, () => good)(signal);
    };
    monitor.setTargets([target('a', run, { intervalMs: undefined })]);
    const asked = [monitor.probe('a'), monitor.probe('a'), monitor.probe('a')];
    await clock.pass(1000);
    const answers = await Promise.all(asked);
    expect(runs).toBe(1);
    expect(answers.map((answer) => answer?.last?.report.verdict)).toEqual(['ok', 'ok', 'ok']);
    expect(await monitor.probe('nobody')).toBeUndefined();
  });

  it('lets nobody wait for a target that is taken out, nor for one when it closes', async () => {
    const { clock, monitor } = world({ concurrency: 1 });
    const run = lasting(clock, 1000, () => good);
    monitor.setTargets([target('a', run), target('b', run, { intervalMs: undefined })]);
    const waiting = monitor.probe('b');
    monitor.setTargets([target('a', run)]);
    expect(await waiting).toBeUndefined();
    const running = monitor.probe('a');
    await monitor.close();
    expect(await running).toBeUndefined();
    expect(await monitor.probe('a')).toBeUndefined();
  });

  it('keeps what it knows of targets that stay, aborts runs of those that go, and runs new ones', async () => {
    const { clock, monitor, changes } = world();
    let aborted = false;
    const hanging: MonitorTarget['run'] = (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted = true;
          resolve(bad);
        });
      });
    monitor.setTargets([target('a', async () => bad), target('b', hanging)]);
    await clock.pass(2000);
    expect(changes.map(({ change }) => change)).toEqual(['down', 'new-finding']);
    monitor.setTargets([target('a', async () => bad), target('c', async () => good)]);
    await clock.pass(60_000);
    expect(aborted).toBe(true);
    expect(changes).toHaveLength(2);
    expect(monitor.targets.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(monitor.targets[0]?.series.runs.get('error')).toBe(3);
  });

  it('runs a target anew that was taken out and put back during a run, for whoever asks', async () => {
    const { clock, monitor } = world();
    const stubborn: MonitorTarget['run'] = () => new Promise((resolve) => clock.after(2000, () => resolve(bad)));
    monitor.setTargets([target('a', stubborn, { intervalMs: undefined })]);
    void monitor.probe('a');
    monitor.setTargets([]);
    monitor.setTargets([target('a', async () => good, { intervalMs: undefined })]);
    const asked = monitor.probe('a');
    await clock.pass(2000);
    expect((await asked)?.last?.report.verdict).toBe('ok');
  });
});
