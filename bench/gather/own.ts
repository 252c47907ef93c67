// Runs on a client of the lab: gathers with iceprobe as a library for each order, a line of JSON each.
import { createInterface } from 'node:readline';
import type { GatherOrder, GatherTime } from './contestants.ts';

// As it is installed. By a name that is put together, or it would be bundled.
const built = new URL('../../dist/index.js', import.meta.url).href;
const { gather } = (await import(built)) as typeof import('../../src/index.ts');
process.stdout.write('{"ready":true}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { iceServers, caPem, limitMs } = JSON.parse(line) as GatherOrder;
  const startedAt = performance.now();
  let completeMs: number | null = null;
  const run = gather({ iceServers, ca: caPem, timeoutMs: limitMs });
  for await (const event of run) {
    if (event.type === 'gathering-state' && event.state === 'complete') completeMs ??= performance.now() - startedAt;
  }
  const candidates = (await run.report).gatherings?.[0]?.candidates ?? [];
  const answer: GatherTime = { completeMs, relays: candidates.filter(({ type }) => type === 'relay').length };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
