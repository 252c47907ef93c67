import { describe, expect, it } from 'vitest';
import { RELIABLE_TIMING, RFC8489_TIMING, type Timing, Transaction } from '../../../src/core/stun/transaction.ts';

const id = new Uint8Array(12);

/** Runs to the end in virtual time, waking at each deadline: `[instant, what was due]`. */
function run(timing: Timing, start = 0): [number, string | undefined][] {
  const transaction = new Transaction('Binding', id, timing, start);
  const seen: [number, string | undefined][] = [];
  for (let steps = 0; transaction.deadline !== undefined; steps++) {
    if (steps > 100) throw new Error('does not end');
    const { at } = transaction.deadline;
    expect(transaction.due(at - 0.001)).toBeUndefined();
    seen.push([at, transaction.due(at)]);
  }
  return seen;
}

const sends = (...instants: number[]) => instants.map((at) => [at, 'send']);

describe('the instants of a request', () => {
  it('RFC 8489 6.2.1: 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s, failure at 39.5 s', () => {
    expect(run(RFC8489_TIMING)).toEqual([...sends(0, 500, 1500, 3500, 7500, 15_500, 31_500), [39_500, 'timeout']]);
  });

  it('RFC 8489 6.2.2: over a reliable transport once, failure at 39.5 s', () => {
    expect(run(RELIABLE_TIMING)).toEqual([...sends(0), [39_500, 'timeout']]);
  });

  it('count from the start, whenever that is', () => {
    expect(run({ rtoMs: 100, maxSends: 2, lastWaitFactor: 4 }, 1000)).toEqual([
      ...sends(1000, 1100),
      [1500, 'timeout'],
    ]);
  });

  it('end at giveUpMs: between two sends, in the last wait, and at the instant of a send', () => {
    expect(run({ ...RFC8489_TIMING, giveUpMs: 5000 })).toEqual([...sends(0, 500, 1500, 3500), [5000, 'timeout']]);
    expect(run({ ...RFC8489_TIMING, giveUpMs: 39_000 }).at(-1)).toEqual([39_000, 'timeout']);
    expect(run({ ...RFC8489_TIMING, giveUpMs: 3500 })).toEqual([...sends(0, 500, 1500), [3500, 'timeout']]);
    expect(run({ ...RFC8489_TIMING, giveUpMs: 60_000 }).at(-1)).toEqual([39_500, 'timeout']);
  });

  it('double up to maxRtoMs', () => {
    expect(run({ rtoMs: 250, maxSends: 5, lastWaitFactor: 16, maxRtoMs: 1000 })).toEqual([
      ...sends(0, 250, 750, 1750, 2750),
      [6750, 'timeout'],
    ]);
  });
});

describe('a driver that wakes late', () => {
  it('sends once for each call, and keeps the schedule', () => {
    const transaction = new Transaction('Binding', id, RFC8489_TIMING, 0);
    expect(transaction.due(0)).toBe('send');
    expect(transaction.due(700)).toBe('send');
    expect(transaction.deadline?.at).toBe(1500);
    expect(transaction.due(700)).toBeUndefined();
    expect(transaction.due(1500)).toBe('send');
  });

  it('does not send in a burst what it slept over', () => {
    const transaction = new Transaction('Binding', id, RFC8489_TIMING, 0);
    expect(transaction.due(0)).toBe('send');
    // Asleep from 0 to 8 s: four sends were missed. One is made up for, the next comes no sooner than a full RTO later.
    expect(transaction.due(8000)).toBe('send');
    expect(transaction.due(8000)).toBeUndefined();
    expect(transaction.deadline?.at).toBeGreaterThanOrEqual(8500);
  });

  it('waits for the answer to what it sent last', () => {
    const transaction = new Transaction('Binding', id, { rtoMs: 100, maxSends: 2, lastWaitFactor: 4 }, 0);
    transaction.due(0);
    expect(transaction.due(10_000)).toBe('send');
    expect(transaction.due(10_000)).toBeUndefined();
    expect(transaction.due(10_400)).toBe('timeout');
  });

  it('gives up at giveUpMs all the same', () => {
    const transaction = new Transaction('Binding', id, { ...RFC8489_TIMING, giveUpMs: 5000 }, 0);
    transaction.due(0);
    expect(transaction.due(5001)).toBe('timeout');
    expect(transaction.sends).toBe(1);
  });
});

describe('the state', () => {
  it('is final: answered, abandoned and timed out say nothing any more', () => {
    const answered = new Transaction('Binding', id, RFC8489_TIMING, 0);
    answered.due(0);
    answered.answered();
    expect([answered.state, answered.deadline, answered.due(1e9)]).toEqual(['answered', undefined, undefined]);
    answered.abandon();
    expect(answered.state).toBe('answered');

    const abandoned = new Transaction('Binding', id, RFC8489_TIMING, 0);
    abandoned.abandon();
    abandoned.answered();
    expect([abandoned.state, abandoned.deadline, abandoned.due(1e9)]).toEqual(['timeout', undefined, undefined]);
  });

  it('tells what it waits for', () => {
    const transaction = new Transaction('Allocate', id, { rtoMs: 100, maxSends: 3, lastWaitFactor: 4 }, 0);
    const reasons: (string | undefined)[] = [];
    for (let due = transaction.deadline; due !== undefined; due = transaction.deadline) {
      reasons.push(due.why);
      transaction.due(due.at);
    }
    expect(reasons).toEqual([
      'sending of Allocate',
      'first retransmission of Allocate',
      'second retransmission of Allocate',
      'end of waiting for the answer to Allocate (sent 3 times)',
    ]);
  });
});
