import type { StageEnded } from '../../../src/core/attempt.ts';
import { Secret } from '../../../src/core/secret.ts';
import { startClock } from '../../../src/net/clock.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';
import { systemRandom } from '../../../src/net/random.ts';
import { TrustStore } from '../../../src/net/trust.ts';
import { climb } from '../../../src/probe/ladder.ts';
import type { EventBody } from '../../../src/record/events.ts';

const clock = startClock();

/** Climbs the ladder of a TURN server on 127.0.0.1 over UDP. */
export async function climbTo(port: number, username: string, password: string) {
  const events: EventBody[] = [];
  const local = { interface: 'lo', family: 4, address: '127.0.0.1' } as const;
  const result = await climb(
    {
      url: `turn:127.0.0.1:${port}`,
      relay: true,
      kind: 'udp',
      server: { family: 4, address: '127.0.0.1', port },
      host: '127.0.0.1',
      local,
      peerLocals: [local],
      credentials: { username, password: new Secret(password) },
    },
    {
      timing: { rtoMs: 200, maxSends: 4, lastWaitFactor: 2 },
      data: { packets: 20, size: 172, spacingMs: 2, waitMs: 300, signal: new AbortController().signal },
      sizes: [1200],
      extraPorts: 2,
      mappingOf: () => undefined,
      stunServers: [],
      seenAddresses: () => [],
      signal: new AbortController().signal,
    },
    {
      clock,
      record: (body) => events.push(body),
      tls: { trust: new TrustStore(), insecure: false },
      random: systemRandom(),
      hashes: nodeHashes,
      kill: new AbortController().signal,
      fault: (error) => {
        throw error;
      },
    },
  );
  const stages = events.filter((event): event is StageEnded => event.type === 'stage');
  return { result, events, stages, lines: stages.map(({ stage, status }) => `${stage} ${status}`) };
}
