import { afterEach, describe, expect, it, vi } from 'vitest';
import { finishRun } from '../../../src/diagnosis/make-report.ts';
import { gather, startTurnServer } from '../../../src/index.ts';
import type { GatherOptions } from '../../../src/probe/gather-options.ts';
import { startSuite } from '../../../src/probe/suite.ts';
import type { RunEvent } from '../../../src/record/events.ts';

// Real sockets on loopback, and a clock that only the test moves.
afterEach(() => {
  vi.useRealTimers();
});

describe('a run that is aborted, where the server does not answer the release,', () => {
  it.each([
    ['gather', gather, 2000],
    ['probe', (options: GatherOptions) => startSuite({ ...options, parts: ['probe'] }, finishRun), 1000],
  ] as const)('%s tells the allocation as lost before it closes its sockets', async (_, start, limitMs) => {
    await using server = await startTurnServer({ faults: ['refresh:silent'], transports: ['udp'] });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
    const abort = new AbortController();
    const run = start({ iceServers: server.iceServers, signal: abort.signal, timeoutMs: 60_000 });
    const seen: RunEvent[] = [];
    const told = (async () => {
      for await (const event of run) seen.push(event);
    })();
    const created = () => seen.filter((event) => event.type === 'allocation' && event.change === 'created').length;
    while (created() === 0) await advance(1);
    const abortedAt = performance.now();
    abort.abort();
    const isOver = () => seen.some(({ type }) => type === 'run-finished');
    while (!isOver() && performance.now() < abortedAt + 10_000) await advance(5);
    await told;
    expect(performance.now() - abortedAt).toBeLessThan(limitMs + 300);
    const lost = seen.filter((event) => event.type === 'allocation' && event.change === 'lost');
    expect(lost).toHaveLength(created());
    const closed = seen.findLastIndex(({ type }) => type === 'transport-closed');
    expect(seen.indexOf(lost.at(-1) as RunEvent)).toBeLessThan(closed);
  });
});

/** Lets what lies in sockets in, then that many milliseconds pass. */
async function advance(ms: number): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  await vi.advanceTimersByTimeAsync(ms);
}
