import { fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type LocalTurnServer, startTurnServer } from '../../src/turn-server/start.ts';
import { TurnSocketClient } from '../../test/support/turn-socket-client.ts';

/** What the server's process says about itself. */
interface Figures {
  readonly allocations: number;
  /** Resident memory in kB, after a garbage collection. */
  readonly rss: number;
  readonly heap: number;
  readonly descriptors: number;
}

/**
 * Holds that many allocations in a server of its own process, refreshes and releases them; prints what each costs.
 * `script`: this bench, bundled.
 */
export async function measureAllocations(count: number, script: string): Promise<void> {
  if (process.send !== undefined) {
    await runServer();
    return;
  }
  const child = fork(script, ['allocations'], { execArgv: ['--expose-gc'] });
  const ask = (question: string): Promise<unknown> => {
    child.send(question);
    return new Promise((resolve) => child.once('message', resolve));
  };
  try {
    const server = (await ask('start')) as LocalTurnServer;
    const before = (await ask('figures')) as Figures;
    const clients: TurnSocketClient[] = [];
    const started = performance.now();
    for (let i = 0; i < count; i += 100) {
      const batch = await Promise.all(
        Array.from({ length: Math.min(100, count - i) }, () => TurnSocketClient.open(server)),
      );
      await Promise.all(batch.map((client) => client.allocate(900)));
      clients.push(...batch);
    }
    const allocatedMs = performance.now() - started;
    const held = (await ask('figures')) as Figures;
    for (let i = 0; i < count; i += 100)
      await Promise.all(clients.slice(i, i + 100).map((client) => client.refresh(900)));
    for (const client of clients) await client.permit({ family: 4, address: '127.0.0.1', port: 9 });
    for (const client of clients) await client.bind(0x4000, { family: 4, address: '127.0.0.1', port: 9 });
    const used = (await ask('figures')) as Figures;
    for (let i = 0; i < count; i += 100)
      await Promise.all(clients.slice(i, i + 100).map((client) => client.refresh(0)));
    const after = (await ask('figures')) as Figures;
    await Promise.all(clients.map((client) => client.close()));

    const each = (from: Figures, to: Figures, what: 'rss' | 'heap') => ((to[what] - from[what]) / count).toFixed(2);
    console.log(
      `${count} allocations in ${allocatedMs.toFixed(0)} ms, ${held.allocations} held, ${after.allocations} left`,
    );
    console.log(`memory of each: ${each(before, held, 'rss')} kB resident, ${each(before, held, 'heap')} kB of heap`);
    console.log(`with a channel: ${each(before, used, 'rss')} kB resident, ${each(before, used, 'heap')} kB of heap`);
    console.log(`descriptors: ${before.descriptors} before, ${held.descriptors} held, ${after.descriptors} after`);
    console.log(
      `resident: ${before.rss} kB before, ${held.rss} held, ${after.rss} after; heap ${before.heap}, ${held.heap}, ${after.heap} kB`,
    );
  } finally {
    child.kill();
  }
}

/** The other process: answers questions about its server. */
async function runServer(): Promise<void> {
  let server: LocalTurnServer | undefined;
  process.on('message', async (question) => {
    if (question === 'start') {
      server = await startTurnServer({ transports: ['udp'] });
      const { port, iceServers } = server;
      process.send?.({ port, iceServers });
      return;
    }
    // Twice: what the first frees lets the second free more.
    for (let i = 0; i < 2; i++) (globalThis as { gc?: () => void }).gc?.();
    const status = readFileSync('/proc/self/status', 'utf8');
    const figures: Figures = {
      allocations: server?.allocations.length ?? 0,
      rss: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]),
      heap: Math.round(process.memoryUsage().heapUsed / 1024),
      descriptors: readdirSync('/proc/self/fd').length,
    };
    process.send?.(figures);
  });
  await new Promise(() => {});
}
