import { describe, expect, it } from 'vitest';
import { randomInteger } from '../../../src/core/random.ts';
import { Secret } from '../../../src/core/secret.ts';
import { address } from '../../support/simulator.ts';
import { EchoPeer, TurnServerNode } from '../../support/turn-server-node.ts';
import { SERVER, type Setup, setUp, stages } from './client-setup.ts';

const PEER = address('203.0.113.50:7000');
const ALICE = { username: 'alice', password: new Secret('wonderland') };

function withServer(setup: Setup = {}) {
  const world = setUp({ ...setup, present: false, options: { credentials: ALICE, ...setup.options } });
  const server = new TurnServerNode(world.simulator, SERVER);
  const peer = new EchoPeer(world.simulator, PEER);
  return { ...world, server, peer };
}

describe.each(['udp', 'tcp'] as const)('client and server of the product over %s', (kind) => {
  it('allocate, permit, relay in both forms, refresh and release', () => {
    const { simulator, client, server, peer } = withServer({ kind });
    client.handle({ type: 'allocate' });
    simulator.run(1000);
    expect(server.relayed).toHaveLength(1);
    client.handle({ type: 'create-permission', id: 'p', peers: [PEER] });
    simulator.run(1100);
    client.handle({ type: 'send', peer: PEER, bytes: Uint8Array.of(1, 2, 3) });
    simulator.run(1200);
    client.handle({ type: 'bind-channel', id: 'c', channel: 0x4fff, peer: PEER });
    simulator.run(1300);
    client.handle({ type: 'send', peer: PEER, channel: 0x4fff, bytes: Uint8Array.of(4, 5) });
    simulator.run(1400);
    client.handle({ type: 'refresh', id: 'r' });
    simulator.run(1500);
    client.handle({ type: 'release' });
    simulator.run(2000);
    expect(stages(client).map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'challenge pass 20',
      'allocate pass 20',
      'permission pass 20',
      'channel pass 20',
      'refresh pass 20',
      'release pass 20',
    ]);
    expect(client.of('data').map(({ channel, bytes }) => [channel, [...bytes]])).toEqual([
      [null, [1, 2, 3]],
      [0x4fff, [4, 5]],
    ]);
    expect(peer.received).toBe(2);
    expect(server.relayed).toEqual([]);
    expect(simulator.strays).toEqual([]);
    expect(client.of('ignored')).toEqual([]);
  });

  it('outlive the nonce and the lifetime', () => {
    const { simulator, client, server } = withServer({ kind });
    client.handle({ type: 'allocate' });
    simulator.run(1000);
    client.handle({ type: 'bind-channel', id: 'c', channel: 0x4000, peer: PEER });
    simulator.run(4 * 3_600_000);
    expect(server.relayed).toHaveLength(1);
    expect(client.of('lost')).toEqual([]);
    expect(client.of('channel').some(({ change }) => change === 'lost')).toBe(false);
    client.handle({ type: 'release' });
    simulator.run(4 * 3_600_000 + 1000);
    expect(server.relayed).toEqual([]);
    expect(client.of('released')).toEqual([{ type: 'released', outcome: 'released' }]);
  });
});

describe('on a bad network', () => {
  const networks = [
    { lossPercent: 10, duplicatePercent: 10, jitterMs: 50 },
    { lossPercent: 30, duplicatePercent: 0, jitterMs: 300 },
    { lossPercent: 0, duplicatePercent: 80, jitterMs: 900 },
    { lossPercent: 60, duplicatePercent: 20, jitterMs: 100 },
  ];

  it.each(networks)('%o every conversation ends, and nothing is left on the server unsaid (150 seeds)', (network) => {
    const outcomes = new Map<string, number>();
    for (let seed = 1; seed <= 150; seed++) {
      const { simulator, client, server } = withServer({ network: { ...network, seed } });
      client.handle({ type: 'allocate' });
      const { random } = simulator;
      const at = (ms: number, act: () => void) => simulator.at(ms, act);
      at(randomInteger(random, 3000), () => client.handle({ type: 'create-permission', id: 'p', peers: [PEER] }));
      at(randomInteger(random, 5000), () =>
        client.handle({ type: 'bind-channel', id: 'c', channel: 0x4000, peer: PEER }),
      );
      at(randomInteger(random, 5000), () => client.handle({ type: 'refresh', id: 'r' }));
      for (let i = 0; i < 5; i++) {
        at(randomInteger(random, 9000), () => client.handle({ type: 'send', peer: PEER, bytes: Uint8Array.of(i) }));
      }
      at(randomInteger(random, 12_000), () => client.handle({ type: 'release' }));
      simulator.run(60_000);
      const [released, ...more] = client.of('released');
      expect([seed, released === undefined, more]).toEqual([seed, false, []]);
      const outcome = released?.outcome ?? '';
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      const told = client.of('allocation').some(({ change }) => change === 'lost');
      if (outcome === 'unconfirmed') expect([seed, told]).toEqual([seed, true]);
      else expect([seed, outcome, server.relayed]).toEqual([seed, outcome, []]);
      expect(client.transports.size).toBe(0);
    }
    expect(outcomes.get('released')).toBeGreaterThan(20);
  });
});
