import { describe, expect, test } from 'vitest';
import { startTurnServer } from '../../../src/turn-server/start.ts';
import { startCoturn } from '../../support/coturn.ts';
import { describeNeeding } from '../../support/needs.ts';
import { startNodeTurn } from '../../support/node-turn.ts';
import { climbTo } from './climb.ts';

const HEALTHY = [
  'binding pass',
  'challenge pass',
  'allocate pass',
  'permission pass',
  'relay-data pass',
  'channel pass',
  'refresh pass',
  'release pass',
];

describe('own server', () => {
  test('a healthy relay passes every stage, and is left as it was found', async () => {
    await using server = await startTurnServer();
    const [ice] = server.iceServers;
    const { lines, result, stages } = await climbTo(server.port, ice?.username ?? '', ice?.credential ?? '');
    expect(lines).toEqual(HEALTHY);
    expect(result.carriesData).toBe(true);
    expect(server.allocations).toEqual([]);
    const data = stages.find(({ stage }) => stage === 'relay-data');
    expect(data?.detail).toBe('peer first 20/20, relay to peer 20/20, peer after relay 20/20');
    expect(data?.data.relay).toMatchObject({
      witness: 'second-socket',
      egressAddress: data?.data.relayedAddress,
      control: 'pass',
    });
    expect(data?.data.relay?.ports).toHaveLength(3);
    expect(data?.data.relay?.sizes).toEqual([{ size: 1200, sent: 3, received: 3 }]);
  });

  test('a wrong password ends at allocate', async () => {
    await using server = await startTurnServer();
    const [ice] = server.iceServers;
    const { lines } = await climbTo(server.port, ice?.username ?? '', 'wrong');
    expect(lines).toEqual(['binding pass', 'challenge pass', 'allocate fail']);
  });
});

describeNeeding('coturn')('coturn', () => {
  test('a healthy relay passes every stage, and every allocation is deleted', async () => {
    await using server = await startCoturn();
    const { lines } = await climbTo(server.port, 'user', 'password');
    expect(lines).toEqual(HEALTHY);
    await server.waitForRelease();
    expect(server.allocations().length).toBeGreaterThanOrEqual(3);
  });
});

describe('node-turn 0.0.6', () => {
  test('its dropped ChannelData and its Refresh that ends the allocation are seen', async () => {
    await using server = await startNodeTurn();
    const { lines, stages } = await climbTo(server.port, 'user', 'password');
    expect(lines).toEqual([
      'binding pass',
      'challenge pass',
      'allocate pass',
      'permission pass',
      'relay-data pass',
      'channel fail',
      'refresh fail',
      expect.stringMatching(/^release /),
    ]);
    const channel = stages.find(({ stage }) => stage === 'channel');
    expect(channel?.data).toMatchObject({ channelData: { sent: 10, received: 0 } });
    const refresh = stages.find(({ stage }) => stage === 'refresh');
    expect(refresh?.data).toMatchObject({ lifetime: 0 });
  });
});
