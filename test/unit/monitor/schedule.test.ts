import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/core/random.ts';
import { Schedule, type Scheduled, type ScheduleOutput } from '../../../src/monitor/schedule.ts';

const never = (): number => 0;

function scheduled(name: string, intervalMs: number | null = 30_000, jitterMs = 0): Scheduled {
  return { name, intervalMs: intervalMs ?? undefined, jitterMs };
}

function drain(schedule: Schedule): ScheduleOutput[] {
  const outputs: ScheduleOutput[] = [];
  for (let output = schedule.poll(); output !== undefined; output = schedule.poll()) outputs.push(output);
  return outputs;
}

function started(schedule: Schedule): string[] {
  return drain(schedule).flatMap((output) => (output.type === 'start' ? [output.name] : []));
}

/** Goes from deadline to deadline; each run lasts as long as `lasts` says. Resolves to what began when. */
function simulate(schedule: Schedule, until: number, lasts: (name: string) => number) {
  const begun: { readonly name: string; readonly at: number }[] = [];
  const skipped: ScheduleOutput[] = [];
  const ends: { readonly name: string; readonly at: number }[] = [];
  let most = 0;
  const take = (now: number): void => {
    for (const output of drain(schedule)) {
      if (output.type === 'skipped') skipped.push(output);
      else {
        begun.push({ name: output.name, at: now });
        ends.push({ name: output.name, at: now + lasts(output.name) });
      }
    }
    most = Math.max(most, schedule.running);
  };
  take(0);
  for (let steps = 0; steps < 1_000_000; steps++) {
    const due = schedule.deadline?.at ?? Number.POSITIVE_INFINITY;
    const end = ends.toSorted((a, b) => a.at - b.at)[0];
    const now = Math.min(due, end?.at ?? Number.POSITIVE_INFINITY);
    if (now > until) return { begun, skipped, most };
    if (end !== undefined && end.at <= now) {
      ends.splice(ends.indexOf(end), 1);
      schedule.finished(end.name);
    } else schedule.handleTimeout(now);
    take(now);
  }
  throw new Error('it never ends');
}

describe('the schedule', () => {
  it('begins at once, and then once in each interval', () => {
    const schedule = new Schedule({ concurrency: 5, random: never });
    schedule.setTargets([scheduled('a')], 1000);
    expect(started(schedule)).toEqual(['a']);
    schedule.finished('a');
    expect(schedule.deadline).toEqual({ at: 31_000, why: 'the next run of a' });
    schedule.handleTimeout(30_999);
    expect(started(schedule)).toEqual([]);
    schedule.handleTimeout(31_000);
    expect(started(schedule)).toEqual(['a']);
  });

  it('spreads many over their interval, and few over seconds', () => {
    const many = new Schedule({ concurrency: 1000, random: never });
    many.setTargets(
      Array.from({ length: 200 }, (_, index) => scheduled(`t${index}`)),
      0,
    );
    const { begun } = simulate(many, 30_000 - 1, () => 0);
    expect(begun.map(({ at }) => at)).toEqual(Array.from({ length: 200 }, (_, index) => index * 150));
    const few = new Schedule({ concurrency: 1000, random: never });
    few.setTargets([scheduled('a'), scheduled('b'), scheduled('c')], 0);
    expect(simulate(few, 29_999, () => 0).begun.map(({ at }) => at)).toEqual([0, 1000, 2000]);
  });

  it('shifts each begin at random, without adding that up', () => {
    const random = seededRandom(7);
    const schedule = new Schedule({ concurrency: 9, random: () => (random.bytes(1)[0] ?? 0) / 256 });
    schedule.setTargets([scheduled('a', 10_000, 2000)], 0);
    const { begun } = simulate(schedule, 10_000_000, () => 500);
    const shifts = begun.map(({ at }, index) => at - index * 10_000);
    expect(begun.length).toBe(1000);
    expect(Math.min(...shifts)).toBe(0);
    expect(Math.max(...shifts)).toBeLessThan(2000);
    expect(Math.max(...shifts.slice(-100))).toBeGreaterThan(1500);
    expect(new Set(shifts).size).toBeGreaterThan(100);
  });

  it('runs no more at a time than allowed, in the order in which they became due, and misses none', () => {
    const schedule = new Schedule({ concurrency: 10, random: never });
    schedule.setTargets(
      Array.from({ length: 200 }, (_, index) => scheduled(`t${index}`)),
      0,
    );
    // 200 runs of 1.4 s in 30 s, ten at a time: 28 s of 30.
    const { begun, skipped, most } = simulate(schedule, 299_999, () => 1400);
    expect(most).toBe(10);
    expect(skipped).toEqual([]);
    const counts = new Map<string, number>();
    for (const { name } of begun) counts.set(name, (counts.get(name) ?? 0) + 1);
    expect(new Set(counts.values())).toEqual(new Set([10]));
    expect(begun.slice(0, 200).map(({ name }) => name)).toEqual(Array.from({ length: 200 }, (_, i) => `t${i}`));
  });

  it('never runs one target twice at a time, and says what it left out', () => {
    const schedule = new Schedule({ concurrency: 10, random: never });
    schedule.setTargets([scheduled('slow', 1000), scheduled('quick', 1000)], 0);
    const { begun, skipped } = simulate(schedule, 9999, (name) => (name === 'slow' ? 2500 : 10));
    expect(begun.filter(({ name }) => name === 'slow').map(({ at }) => at)).toEqual([0, 3000, 6000, 9000]);
    expect(begun.filter(({ name }) => name === 'quick')).toHaveLength(10);
    expect(skipped).toHaveLength(6);
    expect(skipped[0]).toEqual({ type: 'skipped', name: 'slow', count: 1, because: 'busy' });
  });

  it('does not make up for what was missed while nobody was awake', () => {
    const schedule = new Schedule({ concurrency: 10, random: never });
    schedule.setTargets([scheduled('a', 10_000), scheduled('b', 10_000)], 0);
    simulate(schedule, 25_000, () => 10);
    schedule.handleTimeout(3_600_000);
    const outputs = drain(schedule);
    expect(outputs.filter(({ type }) => type === 'start')).toHaveLength(2);
    expect(outputs).toContainEqual({ type: 'skipped', name: 'a', count: 357, because: 'asleep' });
    schedule.finished('a');
    schedule.finished('b');
    expect(simulate(schedule, 3_620_000, () => 10).begun.map(({ at }) => at)).toEqual([
      3_601_000, 3_610_000, 3_611_000, 3_620_000,
    ]);
  });

  it('goes on where the clock is put back', () => {
    const schedule = new Schedule({ concurrency: 10, random: never });
    schedule.setTargets([scheduled('a', 10_000)], 5_000_000);
    expect(started(schedule)).toEqual(['a']);
    schedule.finished('a');
    schedule.handleTimeout(1000);
    expect(schedule.deadline?.at).toBeLessThanOrEqual(11_000);
    expect(schedule.deadline?.at).toBeGreaterThan(1000);
  });

  it('runs at once what is asked for, before what is only due, and never twice', () => {
    const schedule = new Schedule({ concurrency: 1, random: never });
    schedule.setTargets([scheduled('a', 60_000), scheduled('b', 60_000), scheduled('c', null)], 0);
    schedule.handleTimeout(1000);
    expect(started(schedule)).toEqual(['a']);
    expect(schedule.waiting).toBe(1);
    expect(schedule.ask('c')).toBe(true);
    expect(schedule.ask('c')).toBe(true);
    expect(schedule.ask('a')).toBe(true);
    schedule.finished('a');
    expect(started(schedule)).toEqual(['c']);
    schedule.finished('c');
    expect(started(schedule)).toEqual(['b']);
    schedule.finished('b');
    expect(started(schedule)).toEqual([]);
    expect(schedule.ask('nobody')).toBe(false);
  });

  it('lets a target without an interval run only when it is asked for', () => {
    const schedule = new Schedule({ concurrency: 1, random: never });
    schedule.setTargets([scheduled('a', null)], 0);
    expect(schedule.deadline).toBeUndefined();
    schedule.handleTimeout(1e9);
    expect(started(schedule)).toEqual([]);
  });

  it('keeps the place in time of what stays, forgets what goes, begins what is new', () => {
    const schedule = new Schedule({ concurrency: 5, random: never });
    schedule.setTargets([scheduled('a'), scheduled('b')], 0);
    schedule.handleTimeout(1000);
    expect(started(schedule)).toEqual(['a', 'b']);
    schedule.finished('a');
    schedule.finished('b');
    schedule.setTargets([scheduled('a'), scheduled('c')], 5000);
    expect(started(schedule)).toEqual(['c']);
    expect(schedule.nextOf('a')).toBe(30_000);
    expect(schedule.nextOf('b')).toBeUndefined();
    schedule.finished('c');
    schedule.setTargets([scheduled('a', 10_000)], 6000);
    expect(started(schedule)).toEqual(['a']);
    expect(schedule.nextOf('a')).toBe(16_000);
  });

  it('does not begin again what is still running under the same name', () => {
    const schedule = new Schedule({ concurrency: 5, random: never });
    schedule.setTargets([scheduled('a')], 0);
    expect(started(schedule)).toEqual(['a']);
    schedule.setTargets([], 10);
    schedule.setTargets([scheduled('a')], 20);
    expect(started(schedule)).toEqual([]);
    schedule.finished('a');
    schedule.handleTimeout(30_020);
    expect(started(schedule)).toEqual(['a']);
  });

  it('lets go of what waits when more may run', () => {
    const schedule = new Schedule({ concurrency: 1, random: never });
    schedule.setTargets([scheduled('a', 900), scheduled('b', 900)], 0);
    schedule.handleTimeout(899);
    expect(started(schedule)).toEqual(['a']);
    schedule.setConcurrency(2);
    expect(started(schedule)).toEqual(['b']);
  });
});
