import { describe, expect, it } from 'vitest';
import { type Figures, leaks } from '../soak/figures.ts';
import { soakPage } from '../soak/page.ts';
import { soakServer } from '../soak/server.ts';
import { describeNeeding } from '../support/needs.ts';

// The long forms: `npm run soak -- --minutes 30`.
const silently = (): void => {};

describe('the local server under mixed load, faults and hostile packets', () => {
  it('serves those who do right, and holds nothing when they have gone', async () => {
    const soak = await soakServer(6000, 1, silently, { faulty: 1200, good: 1000 });
    expect(soak.problems).toEqual([]);
    expect(soak.pauses.length).toBeGreaterThan(1);
    expect(soak.hostilePackets).toBeGreaterThan(500);
    expect(soak.served).toBeGreaterThan(10);
  });
});

describeNeeding('chromium')('the page, run after run', () => {
  it('gives all back', async () => {
    const soak = await soakPage(4, silently);
    expect(soak.problems).toEqual([]);
    expect(soak.moments).toHaveLength(4);
  });
});

describe('what finds leaks', () => {
  const held = {
    heapKb: 10_000,
    rssKb: 60_000,
    descriptors: 24,
    timers: 0,
    sockets: 3,
    children: 0,
    allocations: 0,
    relayed: 0,
  };
  const pauses = (changes: (round: number) => Partial<Figures>): Figures[] =>
    Array.from({ length: 10 }, (_, round) => ({ ...held, ...changes(round) }));

  it('finds one of each kind, and none where there is none', () => {
    expect(leaks(pauses(() => ({})))).toEqual([]);
    expect(leaks(pauses((round) => ({ heapKb: 10_000 + Math.min(round, 2) * 3000 })))).toEqual([]);
    expect(leaks(pauses((round) => ({ heapKb: 10_000 + round * 1500 })))).toEqual([
      'heapKb: 17500 half way, 23500 at the end',
    ]);
    for (const what of ['descriptors', 'timers', 'sockets', 'children', 'allocations'] as const) {
      expect(leaks(pauses((round) => ({ [what]: held[what] + (round === 9 ? 1 : 0) })))).toHaveLength(1);
    }
    expect(leaks([])).toEqual(['there was no pause']);
  });
});
