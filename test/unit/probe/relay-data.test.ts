import { describe, expect, it } from 'vitest';
import type { SocketAddress } from '../../../src/core/address.ts';
import type { ProbeEnvironment } from '../../../src/probe/environment.ts';
import { measureRelayData, type RelayDataPath } from '../../../src/probe/relay-data.ts';
import type { TurnSession } from '../../../src/probe/turn-session.ts';

const RELAYED: SocketAddress = { family: 4, address: '198.51.100.7', port: 50_000 };
const PEER: SocketAddress = { family: 4, address: '203.0.113.7', port: 41_022 };
const PACKETS = 20;

/** A relay that passes everything at once. `sent` hears of each packet that is sent into it by the client, then by the peer. */
function relay(sent: (by: 'client' | 'peer', count: number) => void = () => {}): RelayDataPath {
  const counts = { client: 0, peer: 0 };
  const note = (by: 'client' | 'peer'): void => sent(by, ++counts[by]);
  const session: Pick<TurnSession, 'onData' | 'send'> = {
    onData: () => {},
    send: (_to, bytes) => {
      note('client');
      peer.onPacket(bytes, RELAYED);
    },
  };
  const peer: RelayDataPath['peer'] = {
    witness: 'second-socket',
    guess: PEER,
    egressWorks: true,
    isTranslated: false,
    mappedBy: async () => undefined,
    onPacket: () => {},
    send: (_to, bytes) => {
      note('peer');
      session.onData({ peer: PEER, channel: null, bytes, at: 0 });
    },
    close: async () => {},
  };
  return { session: session as TurnSession, relayed: RELAYED, peer, guess: PEER, attempt: 'a1' };
}

let now = 0;
const environment = {
  clock: { now: () => now++ },
  random: { bytes: (count: number) => new Uint8Array(count) },
} as unknown as ProbeEnvironment;

function measure(path: RelayDataPath, signal: AbortSignal): ReturnType<typeof measureRelayData> {
  return measureRelayData(path, { packets: PACKETS, size: 172, spacingMs: 0, waitMs: 60_000, signal }, environment);
}

describe('data through a relay', () => {
  it('is counted in three directions', async () => {
    const { bursts, cutOff, peerSeen, egress } = await measure(relay(), new AbortController().signal);
    expect(bursts.map(({ direction, sent, received }) => ({ direction, sent, received }))).toEqual([
      { direction: 'peer-first', sent: PACKETS, received: PACKETS },
      { direction: 'relay-to-peer', sent: PACKETS, received: PACKETS },
      { direction: 'peer-after-relay', sent: PACKETS, received: PACKETS },
    ]);
    expect({ cutOff, peerSeen, egress }).toEqual({ cutOff: false, peerSeen: PEER, egress: RELAYED });
  });

  it.each([
    ['the first burst', 'peer', 5, []],
    ['the second burst', 'client', 5, ['peer-first']],
  ] as const)('that is cut off in %s is not told as lost', async (_when, by, at, told) => {
    const stop = new AbortController();
    const path = relay((who, count) => {
      if (who === by && count === at) stop.abort();
    });
    const { bursts, cutOff } = await measure(path, stop.signal);
    expect(cutOff).toBe(true);
    expect(bursts.map(({ direction }) => direction)).toEqual(told);
  });

  it('that came in whole before the end is told', async () => {
    const stop = new AbortController();
    const path = relay((who, count) => {
      if (who === 'client' && count === PACKETS) stop.abort();
    });
    const { bursts, cutOff } = await measure(path, stop.signal);
    expect(cutOff).toBe(false);
    expect(bursts.map(({ received }) => received)).toEqual([PACKETS, PACKETS, PACKETS]);
  });
});
