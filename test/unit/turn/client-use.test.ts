import { describe, expect, it } from 'vitest';
import { Icmp, Lifetime, XorPeerAddress } from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { error } from '../../support/fake-turn-server.ts';
import { address } from '../../support/simulator.ts';
import { CLIENT, setUp, stages, story } from './client-setup.ts';

const PEER = address('203.0.113.50:7000');
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

function allocated(setup: Parameters<typeof setUp>[0] = {}) {
  const world = setUp(setup);
  world.client.handle({ type: 'allocate' });
  world.simulator.run(1000);
  world.client.events.length = 0;
  world.client.sent.length = 0;
  return world;
}

describe('permissions', () => {
  it('are asked for several peers at once, and renewed every four minutes', () => {
    const { simulator, client } = allocated();
    client.handle({ type: 'create-permission', id: 'p', peers: [PEER, address('203.0.113.51:1')] });
    simulator.run(500_000);
    expect(client.sent.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      '1000 t CreatePermission',
      '241020 t CreatePermission',
      '481040 t CreatePermission',
    ]);
    expect(client.of('permission')).toEqual([
      { type: 'permission', transport: 't', change: 'created', peers: ['203.0.113.50', '203.0.113.51'] },
      { type: 'permission', transport: 't', change: 'refreshed', peers: ['203.0.113.50', '203.0.113.51'] },
      { type: 'permission', transport: 't', change: 'refreshed', peers: ['203.0.113.50', '203.0.113.51'] },
    ]);
    expect(client.of('stage').map(({ id, stage }) => [id, stage.stage, stage.status])).toEqual([
      ['p', 'permission', 'pass'],
    ]);
  });

  it('that are forbidden are told under their id', () => {
    const { simulator, client } = allocated({
      script: ({ message }) =>
        message.method === Method.CreatePermission ? [error(message, 403, 'Forbidden')] : undefined,
    });
    client.handle({ type: 'create-permission', id: 'p', peers: [PEER] });
    simulator.run(2000);
    expect(client.of('stage')).toMatchObject([
      {
        id: 'p',
        stage: {
          stage: 'permission',
          status: 'fail',
          detail: '403 Forbidden',
          data: { errorCode: 403, authenticated: true },
        },
      },
    ]);
    expect(client.of('permission')).toEqual([]);
  });

  it('that cannot be renewed are lost', () => {
    let asked = 0;
    const { simulator, client } = allocated({
      script: ({ message }) =>
        message.method === Method.CreatePermission && ++asked > 1 ? [error(message, 403, 'Forbidden')] : undefined,
    });
    client.handle({ type: 'create-permission', id: 'p', peers: [PEER] });
    simulator.run(300_000);
    expect(client.of('permission').map(({ change }) => change)).toEqual(['created', 'lost']);
  });

  it('cannot be had without an allocation', () => {
    const { client } = setUp();
    client.handle({ type: 'create-permission', id: 'p', peers: [PEER] });
    client.handle({ type: 'bind-channel', id: 'c', channel: 0x4000, peer: PEER });
    client.handle({ type: 'refresh', id: 'r' });
    expect(stages(client)).toEqual([
      'permission skip 0 there is no allocation',
      'channel skip 0 there is no allocation',
      'refresh skip 0 there is no allocation',
    ]);
    expect(client.sent).toEqual([]);
  });
});

describe('data', () => {
  it('goes out in Send indications and comes back in Data indications', () => {
    const { simulator, client } = allocated();
    client.handle({ type: 'send', peer: PEER, bytes: bytes('hello') });
    simulator.run(2000);
    expect(client.of('data')).toEqual([{ type: 'data', peer: PEER, channel: null, bytes: bytes('hello') }]);
  });

  it.each(['udp', 'tcp'] as const)('goes both ways through a channel over %s', (kind) => {
    const { simulator, client } = allocated({ kind, network: { maxChunk: 5 } });
    client.handle({ type: 'bind-channel', id: 'c', channel: 0x4000, peer: PEER });
    simulator.run(2000);
    for (const text of ['', 'a', 'ab', 'abc', 'abcd']) {
      client.handle({ type: 'send', peer: PEER, channel: 0x4000, bytes: bytes(text) });
    }
    simulator.run(3000);
    expect(
      client.of('data').map(({ channel, peer, bytes: data }) => [channel, peer, Buffer.from(data).toString()]),
    ).toEqual(['', 'a', 'ab', 'abc', 'abcd'].map((text) => [0x4000, PEER, text]));
    expect(client.of('channel')).toEqual([
      { type: 'channel', transport: 't', change: 'created', channel: 0x4000, peer: '203.0.113.50:7000' },
    ]);
  });

  it('through a channel that is not bound is not sent, and what comes so is ignored', () => {
    const { simulator, client, server } = allocated();
    client.handle({ type: 'send', peer: PEER, channel: 0x4001, bytes: bytes('x') });
    server?.say(CLIENT, Uint8Array.of(0x40, 0x01, 0, 1, 0x78));
    simulator.run(2000);
    expect(client.sent).toEqual([]);
    expect(story(client)).toEqual(['1010 ignored unexpected from 198.51.100.1:3478']);
  });

  it('may overtake the answer to ChannelBind', () => {
    const { simulator, client } = allocated({
      script: ({ message, server }) =>
        message.method === Method.ChannelBind
          ? [Uint8Array.of(0x40, 0, 0, 1, 0x78), { bytes: server.success(message), delayMs: 5 }]
          : undefined,
    });
    client.handle({ type: 'bind-channel', id: 'c', channel: 0x4000, peer: PEER });
    simulator.run(2000);
    expect(story(client)).toEqual([
      '1020 data',
      '1025 transaction ChannelBind success',
      '1025 channel created 0x4000 203.0.113.50:7000',
      '1025 stage channel pass',
    ]);
  });

  it('through a channel is possible for as long as the allocation lives: channels are renewed with their permission', () => {
    const { simulator, client } = allocated();
    client.handle({ type: 'bind-channel', id: 'c', channel: 0x4000, peer: PEER });
    simulator.run(300_000);
    expect(client.of('channel').map(({ change }) => change)).toEqual(['created', 'refreshed']);
  });

  it('that could not be delivered may come back as ICMP', () => {
    const { simulator, client, server } = allocated();
    const builder = new MessageBuilder('indication', Method.Data, new Uint8Array(12));
    server?.say(CLIENT, builder.add(XorPeerAddress, PEER).add(Icmp, { type: 3, code: 3, data: 0 }).build());
    simulator.run(2000);
    expect(client.of('icmp')).toEqual([{ type: 'icmp', peer: PEER, icmpType: 3, icmpCode: 3 }]);
  });
});

describe('a refresh', () => {
  it('that says there is no such allocation loses it, and nothing is left to release', () => {
    const { simulator, client, server } = allocated();
    server?.allocations.splice(0);
    client.handle({ type: 'refresh', id: 'r' });
    simulator.run(2000);
    client.handle({ type: 'release' });
    simulator.run();
    expect(story(client)).toEqual([
      '1020 transaction Refresh error 437',
      '1020 stage refresh fail',
      '1020 allocation lost 203.0.113.9:50000 0',
      '1020 lost',
      '2000 released: none',
    ]);
  });

  it('that grants a lifetime of 0 loses it, too', () => {
    const { simulator, client } = allocated({
      script: ({ message, server }) =>
        message.method === Method.Refresh ? [server.success(message, (b) => b.add(Lifetime, 0))] : undefined,
    });
    client.handle({ type: 'refresh', id: 'r' });
    simulator.run(2000);
    expect(stages(client)).toEqual(['refresh fail 20 the server granted a lifetime of 0']);
    expect(client.of('lost')).toHaveLength(1);
  });

  it('of our own that is not answered is tried again, and at last the allocation is lost', () => {
    const { simulator, client } = allocated({
      script: ({ message }) => (message.method === Method.Refresh ? [] : undefined),
    });
    expect(simulator.run()).toBe(600_040);
    expect(story(client)).toEqual([
      '579540 transaction Refresh timeout timeout',
      '579540 stage refresh fail',
      '600040 transaction Refresh failed abandoned',
      '600040 allocation lost 203.0.113.9:50000 0',
      '600040 lost',
    ]);
    client.handle({ type: 'release' });
    expect(client.of('released')).toEqual([{ type: 'released', outcome: 'none' }]);
  });

  it('is not sent where nobody wants the allocation kept, and then it expires', () => {
    const { simulator, client, machine } = allocated({ options: { keepalive: false } });
    expect(machine.deadline).toEqual({ at: 600_040, why: 'expiry of the allocation' });
    simulator.run();
    expect(client.sent).toEqual([]);
    expect(client.of('lost')).toHaveLength(1);
  });
});

describe('a request', () => {
  it.each(['release', 'failed'] as const)('whose allocation ends first (%s) is answered all the same', (how) => {
    const { simulator, client } = allocated({
      script: ({ message }) => (message.method === Method.CreatePermission ? [] : undefined),
    });
    client.handle({ type: 'create-permission', id: 'p', peers: [PEER] });
    simulator.run(1100);
    if (how === 'release') client.handle({ type: 'release' });
    else client.handle({ type: 'failed', transport: 't', error: 'ECONNRESET' });
    simulator.run(2000);
    const answers = client.of('stage').filter(({ id }) => id === 'p');
    expect(answers).toMatchObject([
      how === 'release'
        ? { stage: { stage: 'permission', status: 'unknown', data: { cause: 'not-run' } } }
        : { stage: { stage: 'permission', status: 'fail', data: { cause: 'reset' } } },
    ]);
  });
});

describe('a release', () => {
  it('that nobody answers is sent three times in two seconds, and then told with the time that is left', () => {
    const { simulator, client } = allocated({
      script: ({ message }) => (message.method === Method.Refresh ? [] : undefined),
    });
    client.handle({ type: 'release' });
    expect(simulator.run()).toBe(3000);
    expect(client.sent.map((line) => Number(line.split(' ')[0]))).toEqual([1000, 1500, 2500]);
    expect(story(client)).toEqual([
      '3000 transaction Refresh timeout timeout',
      '3000 stage release fail',
      '3000 allocation lost 203.0.113.9:50000 598',
      '3000 released: unconfirmed',
    ]);
  });

  it('before anything was asked is none', () => {
    const { simulator, client } = setUp();
    client.handle({ type: 'release' });
    expect(simulator.run()).toBe(0);
    expect(story(client)).toEqual(['0 released: none']);
    expect(client.sent).toEqual([]);
  });

  it('before the challenge came is a word to the server, unawaited: it may be one that asks nobody', () => {
    const { simulator, client, server } = setUp();
    client.handle({ type: 'allocate' });
    simulator.run(5);
    client.handle({ type: 'release' });
    simulator.run();
    expect(story(client)).toEqual([
      '5 transaction Allocate failed abandoned',
      '5 transaction Refresh failed abandoned',
      '5 released: none',
    ]);
    expect(server?.requests).toEqual(['Allocate', 'Refresh']);
  });

  it('while the Allocate is under way waits for the answer of the Refresh that follows it', () => {
    const { simulator, client, server } = setUp();
    client.handle({ type: 'allocate' });
    simulator.run(25);
    client.handle({ type: 'release' });
    simulator.run();
    expect(story(client).slice(2)).toEqual([
      '25 transaction Allocate failed abandoned',
      '40 ignored late from 198.51.100.1:3478',
      '45 transaction Refresh success',
      '45 stage release pass',
      '45 allocation released null 0',
      '45 released: released',
    ]);
    expect(server?.allocations.map(({ expiresAt }) => expiresAt)).toEqual([35]);
  });

  it('that overtakes its Allocate is repeated once the grant shows', () => {
    let held: Uint8Array | undefined;
    const { simulator, client, server } = setUp({
      // The grant is made, and sent, only after the Refresh was answered with 437.
      script: ({ message, authentic, server: fake }) => {
        if (message.method === Method.Allocate && authentic && held === undefined) {
          held = message.bytes;
          return [];
        }
        if (message.method === Method.Refresh && authentic && fake.allocations.length === 0 && held !== undefined) {
          const late = { from: CLIENT, to: fake.address, bytes: held, stream: false };
          simulator.after(0, () => fake.receive(late));
          return [{ bytes: error(message, 437, 'Allocation Mismatch'), delayMs: 50 }];
        }
        return undefined;
      },
    });
    client.handle({ type: 'allocate' });
    simulator.run(25);
    client.handle({ type: 'release' });
    simulator.run();
    expect(client.of('released')).toEqual([{ type: 'released', outcome: 'released' }]);
    expect(server?.requests).toEqual(['Allocate', 'Allocate+', 'Refresh+', 'Allocate+', 'Refresh+']);
  });
});
