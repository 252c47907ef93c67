import { describe, expect, it } from 'vitest';
import { randomInteger } from '../../../src/core/random.ts';
import { Secret } from '../../../src/core/secret.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { address } from '../../support/simulator.ts';
import { TurnServerNode } from '../../support/turn-server-node.ts';
import { ETH0, ETH0_6, serverOf, World } from './world.ts';

const S = '198.51.100.1:3478';

describe('stopped', () => {
  it('in the middle, a gathering says what it was waiting for, releases and is finished', () => {
    const world = new World({
      urls: ['turn:198.51.100.1', 'turn:198.51.100.2', 'turns:198.51.100.3', 'stun:slow.example'],
    });
    const turn = world.server(S);
    world.run(50);
    expect(world.gatherer.pending).toEqual([
      { url: 'stun:slow.example', waitingFor: 'the addresses of slow.example' },
      { url: 'turn:198.51.100.2', waitingFor: 'the answer of 198.51.100.2:3478 to Allocate' },
      { url: 'turns:198.51.100.3', waitingFor: 'a TCP connection to 198.51.100.3:5349' },
    ]);
    world.node.handle({ type: 'stop', why: 'interrupted' });
    world.run();
    expect(
      world
        .stages()
        .filter(({ status }) => status === 'unknown')
        .map(({ stage, detail }) => `${stage}: ${detail}`),
    ).toEqual([
      'resolve: interrupted while waiting for the addresses of slow.example',
      'challenge: interrupted while waiting for the answer of 198.51.100.2:3478 to Allocate',
      'connect: interrupted while waiting for a TCP connection to 198.51.100.3:5349',
    ]);
    expect(world.outline.slice(-2)).toEqual(['50 complete', '70 allocation released 203.0.113.9:50000']);
    expect(turn.requests.at(-1)).toBe('Refresh+');
    expect(world.gatherer.finished).toBe(true);
    expect(world.node.transports.size).toBe(0);
  });

  it('before it started, it is over at once', () => {
    const world = new World({ urls: ['turn:198.51.100.1'] });
    world.node.handle({ type: 'stop', why: 'interrupted' });
    expect(world.outline).toEqual(['0 new', '0 gathering', '0 complete']);
    expect(world.gatherer.finished).toBe(true);
    expect(world.node.commands).toEqual([]);
  });

  it('at any millisecond, it leaves nothing on the server and no socket open', () => {
    for (let ms = 0; ms <= 90; ms++) {
      const world = new World({ urls: ['stun:198.51.100.1', 'turn:198.51.100.1', 'turn:198.51.100.1?transport=tcp'] });
      const udp = world.server('198.51.100.1:3478');
      const tcp = world.streamServer('198.51.100.1:3478');
      world.run(ms);
      world.node.handle({ type: 'stop', why: 'interrupted' });
      world.run();
      const standing = [...udp.allocations, ...tcp.allocations].filter(
        ({ expiresAt }) => expiresAt > world.simulator.now,
      );
      expect([ms, standing.length, world.gatherer.finished, world.node.transports.size]).toEqual([ms, 0, true, 0]);
    }
  });
});

describe('the deadline', () => {
  it('of a stop is earlier, and a second stop may bring it nearer still', () => {
    const world = new World({ urls: ['turn:198.51.100.1'] });
    world.server(S, ({ message }) => (message.method === Method.Refresh ? [] : undefined));
    world.run(100);
    // Complete at 40; the release is under way and not answered.
    world.node.handle({ type: 'stop', why: 'interrupted', by: 1000 });
    world.run(200);
    world.node.handle({ type: 'stop', why: 'interrupted again', by: 500 });
    world.run();
    expect(world.simulator.now).toBe(500);
    expect(world.gatherer.finished).toBe(true);
    expect(world.node.of('allocation').map(({ change }) => change)).toEqual(['created', 'lost']);
  });

  it('that is long past when somebody looks at last ends it no worse', () => {
    const world = new World({ urls: ['turn:198.51.100.1', 'stun:slow.example'] });
    world.server(S);
    world.run(100);
    world.gatherer.handleTimeout(50_000);
    expect(world.gatherer.finished).toBe(true);
    world.node.handle({ type: 'stop', why: 'again' });
    expect(world.node.of('gathering-state').map(({ state }) => state)).toEqual(['new', 'gathering', 'complete']);
    expect(world.node.of('allocation').map(({ change }) => change)).toEqual(['created', 'lost']);
    expect(world.node.transports.size).toBe(0);
  });

  it('ends it in good time for the releases, whatever is silent', () => {
    const world = new World({
      urls: ['turn:198.51.100.1', 'turn:198.51.100.2', 'stun:slow.example'],
      options: { deadlineAt: 3000 },
    });
    world.server(S);
    world.run();
    expect(world.story.slice(-5)).toEqual([
      '2400 stage resolve unknown stun:slow.example',
      '2400 stage challenge unknown turn:198.51.100.2',
      '2400 complete',
      '2420 stage release pass turn:198.51.100.1',
      '2420 allocation released 203.0.113.9:50000',
    ]);
    expect(world.simulator.now).toBe(2420);
    expect(world.gatherer.finished).toBe(true);
  });

  it('holds even where the release is not answered, and then what stays is told', () => {
    const world = new World({ urls: ['turn:198.51.100.1', 'stun:198.51.100.2'], options: { deadlineAt: 1000 } });
    world.server(S, ({ message }) => (message.method === Method.Refresh ? [] : undefined));
    world.run();
    expect(world.simulator.now).toBe(1000);
    expect(world.gatherer.finished).toBe(true);
    expect(world.node.transports.size).toBe(0);
    expect(world.node.of('allocation').at(-1)).toMatchObject({
      change: 'lost',
      relayedAddress: '203.0.113.9:50000',
      lifetime: 600,
    });
  });
});

describe('kept', () => {
  it('allocations are refreshed until the stop', () => {
    const world = new World({
      urls: ['turn:198.51.100.1'],
      options: { keep: true, deadlineAt: Number.POSITIVE_INFINITY },
    });
    world.server(S);
    world.run(1_200_000);
    world.node.handle({ type: 'stop', why: 'done' });
    world.run();
    expect(world.node.of('allocation').map(({ change }) => change)).toEqual([
      'created',
      'refreshed',
      'refreshed',
      'released',
    ]);
    expect(world.gatherer.finished).toBe(true);
  });
});

describe('on a bad network, with the server of the product', () => {
  const networks = [
    { lossPercent: 15, duplicatePercent: 15, jitterMs: 40 },
    { lossPercent: 40, duplicatePercent: 0, jitterMs: 200 },
    // A copy of an Allocate that comes later than the release would allocate anew, and no client could know.
    { lossPercent: 0, duplicatePercent: 60, jitterMs: 15 },
    { lossPercent: 0, duplicatePercent: 0, jitterMs: 200 },
  ];

  it.each(networks)('%o every gathering ends by its deadline, and nothing is left unsaid (100 seeds)', (network) => {
    let relays = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const urls = ['stun:198.51.100.1', 'turn:198.51.100.1', 'turn:198.51.100.1?transport=tcp', 'turn:[2001:db8::99]'];
      const credential = new Secret(seed % 5 === 0 ? 'wrong' : 'wonderland');
      const world = new World({
        urls,
        locals: [ETH0, ETH0_6],
        network: { ...network, seed, maxChunk: 30 },
        options: {
          servers: urls.map((url) => ({ ...serverOf(url), username: 'alice', credential })),
        },
      });
      const four = new TurnServerNode(world.simulator, address(S));
      const six = new TurnServerNode(world.simulator, address('[2001:db8::99]:3478'));
      world.listen(S);
      const { random } = world.simulator;
      if (seed % 2 === 0) {
        world.simulator.at(randomInteger(random, 2000), () => world.node.handle({ type: 'stop', why: 'interrupted' }));
      }
      world.run(10_000);
      const { finished } = world.gatherer;
      expect([seed, finished, world.node.transports.size]).toEqual([seed, true, 0]);
      const states = world.node.of('gathering-state').map(({ state }) => state);
      expect(states).toEqual(['new', 'gathering', 'complete']);
      const candidates = world.node.of('candidate').map(({ candidate }) => candidate);
      const priorities = candidates.map(({ priority }) => priority);
      expect(new Set(priorities).size).toBe(priorities.length);
      relays += candidates.filter(({ type }) => type === 'relay').length;
      const lost = world.node.of('allocation').filter(({ change }) => change === 'lost').length;
      expect([seed, [...four.relayed, ...six.relayed].length <= lost]).toEqual([seed, true]);
      // Every URL has its say: a stage that passed, failed, or says what it was waiting for.
      for (const url of urls)
        expect([seed, url, world.stages().some((stage) => stage.url === url)]).toEqual([seed, url, true]);
    }
    expect(relays).toBeGreaterThan(100);
  });
});
