import { describe, expect, it } from 'vitest';
import {
  Lifetime,
  MessageIntegrity,
  Nonce,
  Realm,
  RequestedTransport,
  Username,
  XorMappedAddress,
  XorRelayedAddress,
} from '../../../src/core/stun/attributes.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { attributeName } from '../../../src/core/stun/registry.ts';
import { answer, USER } from '../../support/fake-turn-server.ts';
import { address } from '../../support/simulator.ts';
import { setUp, stages, story } from './client-setup.ts';

describe('an allocation', () => {
  it('is asked for without credentials, then with what the challenge says, and given back', () => {
    const { simulator, client, server } = setUp();
    client.handle({ type: 'allocate' });
    simulator.run(1000);
    client.handle({ type: 'release' });
    expect(simulator.run()).toBe(1020);
    expect(client.sent).toEqual([
      '0 t Allocate 198.51.100.1:3478',
      '20 t Allocate 198.51.100.1:3478',
      '1000 t Refresh 198.51.100.1:3478',
    ]);
    expect(server?.requests).toEqual(['Allocate', 'Allocate+', 'Refresh+']);
    expect(story(client)).toEqual([
      '20 transaction Allocate error 401',
      '20 stage challenge pass',
      '40 transaction Allocate success',
      '40 stage allocate pass',
      '40 allocation created 203.0.113.9:50000 600',
      '40 allocated',
      '1020 transaction Refresh success',
      '1020 stage release pass',
      '1020 allocation released 203.0.113.9:50000 0',
      '1020 released: released',
    ]);
    expect(client.commands).toEqual([{ at: 1020, command: { type: 'close', transport: 't' } }]);
    expect(simulator.strays).toEqual([]);
  });

  it('tells in its stages what the answers said', () => {
    const { simulator, client } = setUp();
    client.handle({ type: 'allocate' });
    simulator.run(1000);
    const [challenge, allocate] = client.of('stage').map(({ stage }) => stage);
    expect(challenge).toEqual({
      stage: 'challenge',
      status: 'pass',
      ms: 20,
      detail: 'asks for credentials of realm "example.org"',
      data: {
        requestsSent: 1,
        rttMs: 20,
        software: 'fake',
        errorCode: 401,
        reason: 'Unauthorized',
        realm: 'example.org',
        nonce: 'nonce-1',
        authenticated: false,
      },
    });
    expect(allocate).toEqual({
      stage: 'allocate',
      status: 'pass',
      ms: 20,
      detail: 'relayed address 203.0.113.9:50000 for 600 s',
      data: {
        requestsSent: 1,
        rttMs: 20,
        software: 'fake',
        relayedAddress: '203.0.113.9:50000',
        mappedAddress: '192.0.2.1:40000',
        lifetime: 600,
        authenticated: true,
      },
    });
    expect(client.of('allocated')).toEqual([
      {
        type: 'allocated',
        allocation: {
          relayed: { family: 4, address: '203.0.113.9', port: 50000 },
          additional: null,
          mapped: { family: 4, address: '192.0.2.1', port: 40000 },
          lifetime: 600,
          addressErrors: [],
          reservationToken: null,
          isMobile: false,
          authenticated: true,
          rttMs: 20,
          requestsSent: 1,
        },
      },
    ]);
  });

  it('sends in each request what RFC 8656 7.1 asks for, and credentials only after the challenge', () => {
    const messages: string[][] = [];
    const { simulator, client } = setUp({
      script: ({ message }) => {
        messages.push(message.attributes.map(({ type }) => attributeName(type)));
        if (messages.length === 2) {
          expect(message.get(RequestedTransport)).toBe(17);
          expect([message.get(Username), message.get(Realm), message.get(Nonce)]).toEqual([
            USER,
            'example.org',
            'nonce-1',
          ]);
          expect(message.get(MessageIntegrity)).toHaveLength(20);
        }
        return undefined;
      },
    });
    client.handle({ type: 'allocate' });
    simulator.run(1000);
    expect(messages).toEqual([
      ['REQUESTED-TRANSPORT'],
      ['REQUESTED-TRANSPORT', 'USERNAME', 'REALM', 'NONCE', 'MESSAGE-INTEGRITY'],
    ]);
  });

  it.each([
    [{ family: 6 as const }, ['REQUESTED-TRANSPORT', 'REQUESTED-ADDRESS-FAMILY']],
    // By its number and by the one it had before, which is the only one that coturn knows up to 4.6.
    [{ additionalIPv6: true }, ['REQUESTED-TRANSPORT', 'ADDITIONAL-ADDRESS-FAMILY', '0x8032']],
    [{ mobility: true }, ['REQUESTED-TRANSPORT', 'MOBILITY-TICKET']],
    [{ lifetime: 120, dontFragment: true }, ['REQUESTED-TRANSPORT', 'LIFETIME', 'DONT-FRAGMENT']],
    [{ evenPort: 'reserve-next' as const }, ['REQUESTED-TRANSPORT', 'EVEN-PORT']],
    [{ reservationToken: new Uint8Array(8) }, ['REQUESTED-TRANSPORT', 'RESERVATION-TOKEN']],
  ])('may be asked for with %o', (allocate, attributes) => {
    const { simulator, client } = setUp({
      options: { allocate },
      script: ({ message, number }) => {
        if (number === 1) expect(message.attributes.map(({ type }) => attributeName(type))).toEqual(attributes);
        return undefined;
      },
    });
    client.handle({ type: 'allocate' });
    simulator.run(1000);
    expect(client.of('allocated')).toHaveLength(1);
  });

  it('is kept alive a minute before its end, for as long as it is wanted', () => {
    const { simulator, client, server } = setUp();
    client.handle({ type: 'allocate' });
    simulator.run(1_200_000);
    expect(client.sent.slice(2)).toEqual(['540040 t Refresh 198.51.100.1:3478', '1080060 t Refresh 198.51.100.1:3478']);
    client.handle({ type: 'release' });
    simulator.run();
    expect(server?.allocations.map(({ expiresAt }) => expiresAt)).toEqual([1_200_010]);
    expect(client.of('allocation').map(({ change }) => change)).toEqual([
      'created',
      'refreshed',
      'refreshed',
      'released',
    ]);
  });

  it('of a short lifetime is refreshed at half of it', () => {
    const { simulator, client, server } = setUp();
    if (server !== undefined) server.lifetime = 60;
    client.handle({ type: 'allocate' });
    simulator.run(70_000);
    expect(client.sent.slice(2)).toEqual(['30040 t Refresh 198.51.100.1:3478', '60060 t Refresh 198.51.100.1:3478']);
  });

  it('is refreshed on demand, with the lifetime that is wanted', () => {
    const { simulator, client } = setUp();
    client.handle({ type: 'allocate' });
    simulator.run(1000);
    client.handle({ type: 'refresh', id: 'r1', lifetime: 700 });
    simulator.run(2000);
    expect(client.of('stage').at(-1)).toEqual({
      type: 'stage',
      id: 'r1',
      stage: {
        stage: 'refresh',
        status: 'pass',
        ms: 20,
        detail: 'for 600 s',
        data: { requestsSent: 1, rttMs: 20, software: 'fake', lifetime: 600, authenticated: true },
      },
    });
  });

  it('can be had without credentials from a server that asks for none: that is told', () => {
    const { simulator, client } = setUp({
      script: ({ message, from }) => [
        answer(message, 'success')
          .add(XorRelayedAddress, address('203.0.113.9:1'))
          .add(XorMappedAddress, from)
          .add(Lifetime, 600)
          .build(),
      ],
    });
    client.handle({ type: 'allocate' });
    simulator.run(1000);
    expect(stages(client)).toEqual(['allocate pass 20 relayed address 203.0.113.9:1 for 600 s']);
    expect(client.of('allocated')[0]?.allocation.authenticated).toBe(false);
  });
});

describe('over TCP', () => {
  it.each([undefined, 1, 3, 40])(
    'messages are sent once and read from any cut (pieces of at most %s bytes)',
    (maxChunk) => {
      const { simulator, client, server } = setUp({
        kind: 'tcp',
        network: { ...(maxChunk === undefined ? {} : { maxChunk }) },
      });
      client.handle({ type: 'allocate' });
      simulator.run(1000);
      client.handle({ type: 'release' });
      simulator.run();
      expect(server?.requests).toEqual(['Allocate', 'Allocate+', 'Refresh+']);
      expect(client.of('released')).toEqual([{ type: 'released', outcome: 'released' }]);
    },
  );

  it('a silent server is waited for 39.5 s, and asked once', () => {
    const { simulator, client } = setUp({ kind: 'tcp', script: () => [] });
    client.handle({ type: 'allocate' });
    expect(simulator.run()).toBe(39_500);
    expect(client.sent).toEqual(['0 t Allocate 198.51.100.1:3478']);
    expect(stages(client)).toEqual(['challenge fail 39500 no answer to 1 request']);
  });
});

describe('messages that a decoder reads back', () => {
  it('are what is sent: retransmissions are the same bytes', () => {
    const packets: string[] = [];
    const { simulator, client } = setUp({
      script: ({ message }) => {
        packets.push(Buffer.from(message.bytes).toString('hex'));
        return [];
      },
    });
    client.handle({ type: 'allocate' });
    simulator.run();
    expect(packets).toHaveLength(7);
    expect(new Set(packets).size).toBe(1);
    expect(decodeMessage(Buffer.from(packets[0] ?? '', 'hex')).ok).toBe(true);
  });
});
