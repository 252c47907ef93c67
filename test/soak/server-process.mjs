// The server under load, in a process of its own, as it is shipped: answers what it holds when it is asked.
import { readdirSync, readFileSync } from 'node:fs';

const { startTurnServer } = await import(process.argv[2] ?? '');

/** @type {import('../../src/turn-server/start.ts').LocalTurnServer} */
const server = await startTurnServer({
  users: { user: 'password' },
  // What is abandoned is gone within the pause between two rounds; not so short that a busy machine ends what is in use.
  lifetimes: {
    allocation: 10,
    permission: 10,
    channel: 10,
    idleStream: 2,
    reservation: 1,
    connectionBind: 1,
    nonce: 5,
  },
  quotas: { allocations: 500, streams: 1000 },
});

/** The last of its standstills, each with when it ended: a busy machine does not let it run, or it is busy itself. */
const stalls = /** @type {{ endedAt: number, ms: number }[]} */ ([]);
let beatAt = performance.now();
setInterval(() => {
  const now = performance.now();
  stalls.push({ endedAt: now, ms: now - beatAt - 20 });
  if (stalls.length > 2000) stalls.splice(0, 1000);
  beatAt = now;
}, 20).unref();

process.on(
  'message',
  async (/** @type {{ readonly id: number, readonly ask: string, readonly faults?: string[] }} */ message) => {
    process.send?.({ id: message.id, answer: await answer(message) });
  },
);
// Whoever asked is gone.
process.on('disconnect', () => process.exit());

/** @param {{ readonly ask: string, readonly faults?: string[] }} message */
async function answer({ ask, faults = [] }) {
  switch (ask) {
    case 'server': {
      const { iceServers, port, tlsPort, caPem } = server;
      return { iceServers, port, tlsPort, caPem };
    }
    case 'faults':
      // Two may contradict each other, and are refused: as good a test.
      return server.setFaults(faults).catch(String);
    case 'drop':
      return server.dropAllocation();
    case 'stall':
      return Math.round(
        Math.max(0, ...stalls.filter(({ endedAt }) => endedAt > performance.now() - 10_000).map(({ ms }) => ms)),
      );
    case 'close':
      return server.close();
    default:
      return figures();
  }
}

/** @returns {import('./figures.ts').Figures} */
function figures() {
  // Twice: what the first frees lets the second free more.
  for (let i = 0; i < 2; i++) globalThis.gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  return {
    heapKb: Math.round((heapUsed + external + arrayBuffers) / 1024),
    rssKb: Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]),
    descriptors: readdirSync('/proc/self/fd').length,
    timers: resources.filter((each) => each === 'Timeout').length,
    sockets: resources.filter((each) => /TCP|UDP|TLS/.test(each)).length,
    children: readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).length,
    allocations: server.allocations.length,
    relayed: server.bytesRelayed,
  };
}

process.send?.({ id: 0, answer: 'ready' });
