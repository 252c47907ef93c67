import { describe, expect, it } from 'vitest';
import { Pacer } from '../../../src/core/ice/gathering/pacer.ts';

/** Asks the pacer at these instants, and when it wants to be woken, `lateMs` later; gives who began when. */
function schedule(pacer: Pacer, begun: string[], lateMs: (wake: number) => number): string[] {
  for (let wakes = 0; pacer.deadline !== undefined; wakes++) pacer.handleTimeout(pacer.deadline.at + lateMs(wakes));
  return begun;
}

function waiting(names: string, last = ''): { pacer: Pacer; begun: string[] } {
  const pacer = new Pacer(5);
  const begun: string[] = [];
  for (const name of last) pacer.addLast((now) => begun.push(`${name}${now}`), 0);
  for (const name of names) pacer.add((now) => begun.push(`${name}${now}`), 0);
  return { pacer, begun };
}

describe('pacing', () => {
  it('begins at once, then one at a time', () => {
    const { pacer, begun } = waiting('abcd');
    expect(schedule(pacer, begun, () => 0)).toEqual(['a0', 'b5', 'c10', 'd15']);
  });

  it('makes up for what a late timer missed, and is not behind afterwards', () => {
    const { pacer, begun } = waiting('abcdef');
    expect(schedule(pacer, begun, (wake) => (wake === 0 ? 8 : 0))).toEqual(['a0', 'b13', 'c13', 'd15', 'e20', 'f25']);
  });

  it('sends no burst after a long sleep', () => {
    const { pacer, begun } = waiting('abcdefghij');
    expect(schedule(pacer, begun, (wake) => (wake === 0 ? 995 : 0))).toEqual([
      ...['a0', 'b1000', 'c1000', 'd1000', 'e1000', 'f1000', 'g1005', 'h1010', 'i1015', 'j1020'],
    ]);
  });

  it('has made up for nothing where nothing waited', () => {
    const { pacer, begun } = waiting('a');
    for (const name of 'bcd') pacer.add((now) => begun.push(`${name}${now}`), 1000);
    expect(schedule(pacer, begun, () => 0)).toEqual(['a0', 'b1000', 'c1005', 'd1010']);
  });

  it('lets those wait that nobody needs', () => {
    const { pacer, begun } = waiting('abc', 'xy');
    // At the beginning nobody else was there.
    expect(schedule(pacer, begun, () => 0)).toEqual(['x0', 'a5', 'b10', 'c15', 'y20']);
  });

  it('forgets all that waits', () => {
    const { pacer, begun } = waiting('ab', 'xy');
    pacer.clear();
    expect(pacer.deadline).toBeUndefined();
    expect(begun).toEqual(['x0']);
  });
});
