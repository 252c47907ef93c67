import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { AlternateServer, Lifetime, Realm, XorRelayedAddress } from '../../../src/core/stun/attributes.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { answer, error, type FakeScript, USER } from '../../support/fake-turn-server.ts';
import { address } from '../../support/simulator.ts';
import { setUp, stages, story } from './client-setup.ts';

const allocate = { type: 'allocate' } as const;

/** Answers Allocate in a way of its own and everything else as a good server. */
function toAllocate(script: FakeScript): FakeScript {
  return (request) => (request.message.method === Method.Allocate ? script(request) : undefined);
}

describe('credentials', () => {
  it('that are wrong are told by the second 401, and not tried again', () => {
    const { simulator, client } = setUp({
      options: { credentials: { username: USER, password: new Secret('wrong') } },
    });
    client.handle(allocate);
    expect(simulator.run()).toBe(40);
    expect(client.sent).toHaveLength(2);
    expect(stages(client)).toEqual([
      'challenge pass 20 asks for credentials of realm "example.org"',
      'allocate fail 20 401 Unauthorized: 401 to a request with these credentials and a fresh nonce',
    ]);
    expect(client.of('stage')[1]?.stage.data).toEqual({
      cause: 'stun-error',
      errorCode: 401,
      reason: 'Unauthorized',
      requestsSent: 1,
      rttMs: 20,
      software: 'fake',
      authenticated: true,
      refusal: 'rejected',
      problem: '401 to a request with these credentials and a fresh nonce',
    });
    expect(client.of('released')).toEqual([{ type: 'released', outcome: 'none' }]);
  });

  it('that are missing make the first 401 the end', () => {
    const { simulator, client } = setUp({ withoutCredentials: true });
    client.handle(allocate);
    simulator.run();
    expect(client.of('stage').map(({ stage }) => stage)).toEqual([
      {
        stage: 'allocate',
        status: 'fail',
        ms: 20,
        detail: '401 Unauthorized',
        data: {
          cause: 'stun-error',
          errorCode: 401,
          reason: 'Unauthorized',
          requestsSent: 1,
          rttMs: 20,
          software: 'fake',
          authenticated: false,
          realm: 'example.org',
          nonce: 'nonce-1',
        },
      },
    ]);
  });

  it('of a stale nonce are sent once more with the fresh one', () => {
    const { simulator, client } = setUp({
      script: ({ message, number, server }) => {
        if (number !== 2) return undefined;
        server.nonce = 'nonce-2';
        return [server.challenge(message, 438, 'Stale Nonce')];
      },
    });
    client.handle(allocate);
    simulator.run(1000);
    expect(client.sent).toHaveLength(3);
    const last = client.of('stage').at(-1)?.stage;
    expect([last?.stage, last?.status, last?.data.staleNonces]).toEqual(['allocate', 'pass', 1]);
  });

  it('are given up where every fresh nonce is called stale', () => {
    let n = 1;
    const { simulator, client } = setUp({
      script: ({ message, authentic, server }) => {
        server.nonce = `nonce-${++n}`;
        return authentic ? [server.challenge(message, 438, 'Stale Nonce')] : undefined;
      },
    });
    client.handle(allocate);
    expect(simulator.run()).toBe(100);
    expect(client.sent).toHaveLength(5);
    expect(client.of('failed')).toEqual([
      {
        type: 'failed',
        data: {
          cause: 'stun-error',
          errorCode: 438,
          reason: 'Stale Nonce',
          requestsSent: 1,
          rttMs: 20,
          software: 'fake',
          authenticated: true,
          staleNonces: 4,
          refusal: 'nonce-loop',
          problem: '4 challenges in a row were answered, and another came',
        },
      },
    ]);
  });

  it('cannot be given to a server that changes its realm each time, and that ends too', () => {
    let n = 0;
    const { simulator, client } = setUp({
      script: ({ message, server }) => [server.challenge(message, 401, '', `realm-${++n}`)],
    });
    client.handle(allocate);
    simulator.run();
    expect(client.sent).toHaveLength(5);
    expect(client.of('failed')[0]?.data).toMatchObject({ errorCode: 401, refusal: 'nonce-loop' });
  });

  it.each([
    ['no REALM', null, 'missing-realm', 1],
    ['an empty REALM', '', 'rejected', 2],
  ])('asked for with %s', (_what, realm, refusal, sends) => {
    const { simulator, client } = setUp({
      script: ({ message, server }) => [server.challenge(message, 401, 'Unauthorized', realm)],
    });
    client.handle(allocate);
    simulator.run();
    expect(client.sent).toHaveLength(sends);
    expect(client.of('failed')[0]?.data).toMatchObject({ cause: 'stun-error', errorCode: 401, refusal });
  });
});

describe('an error response to Allocate', () => {
  it.each([
    [400, 'Bad Request'],
    [403, 'Forbidden'],
    [420, 'Unknown Attribute'],
    [440, 'Address Family not Supported'],
    [441, 'Wrong Credentials'],
    [442, 'Unsupported Transport Protocol'],
    [486, 'Allocation Quota Reached'],
    [500, 'Server Error'],
    [508, 'Insufficient Capacity'],
    [699, 'something nobody registered'],
  ])('%i is a result of its own, first or after the challenge', (code, reason) => {
    for (const authenticated of [false, true]) {
      const { simulator, client } = setUp({
        script: toAllocate(({ message, authentic }) =>
          authentic === authenticated ? [error(message, code, reason)] : undefined,
        ),
      });
      client.handle(allocate);
      simulator.run();
      expect(client.of('stage').at(-1)?.stage).toEqual({
        stage: 'allocate',
        status: 'fail',
        ms: 20,
        detail: `${code} ${reason}`,
        data: { cause: 'stun-error', errorCode: code, reason, requestsSent: 1, rttMs: 20, authenticated },
      });
      expect(client.of('released')).toEqual([{ type: 'released', outcome: 'none' }]);
      expect(client.events.at(-1)?.event.type).toBe('released');
      expect(client.sent).toHaveLength(authenticated ? 2 : 1);
    }
  });

  it('without a reason phrase is told with that of the registry', () => {
    const { simulator, client } = setUp({ script: ({ message }) => [error(message, 486, '')] });
    client.handle(allocate);
    simulator.run();
    expect(stages(client)).toEqual(['allocate fail 20 486 Allocation Quota Reached']);
  });
});

describe('437', () => {
  it('is answered from a new port, once', () => {
    const { simulator, client } = setUp({
      script: ({ message, number }) => (number === 2 ? [error(message, 437, 'Allocation Mismatch')] : undefined),
    });
    client.handle(allocate);
    simulator.run(1000);
    client.handle({ type: 'release' });
    simulator.run();
    expect(client.sent.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      '0 t Allocate',
      '20 t Allocate',
      '41 t.2 Allocate',
      '61 t.2 Allocate',
      '1000 t.2 Refresh',
    ]);
    expect(client.commands.map(({ command }) => `${command.type} ${command.transport}`)).toEqual([
      'close t',
      'open t.2',
      'close t.2',
    ]);
    expect(stages(client)).toEqual([
      'challenge pass 20 asks for credentials of realm "example.org"',
      'allocate skip 20 437 Allocation Mismatch: once more from a new port',
      'challenge pass 20 asks for credentials of realm "example.org"',
      'allocate pass 20 relayed address 203.0.113.9:50000 for 600 s',
      'release pass 20 the server confirmed it',
    ]);
  });

  it('the second time is the result', () => {
    const { simulator, client } = setUp({
      script: ({ message, authentic }) => (authentic ? [error(message, 437, 'Allocation Mismatch')] : undefined),
    });
    client.handle(allocate);
    simulator.run();
    expect(client.of('failed')[0]?.data).toMatchObject({ cause: 'stun-error', errorCode: 437, authenticated: true });
    expect(client.sent).toHaveLength(4);
    expect(client.transports.size).toBe(0);
  });
});

describe('300', () => {
  const sendTo = (to: string): FakeScript =>
    toAllocate(({ message }) => [error(message, 300, 'Try Alternate', (b) => b.add(AlternateServer, address(to)))]);

  it.each(['udp', 'tcp'] as const)('is followed to the other server over %s', (kind) => {
    const { simulator, client, addServer } = setUp({ kind, script: sendTo('198.51.100.7:3479') });
    const other = addServer('198.51.100.7:3479');
    client.handle(allocate);
    simulator.run(1000);
    client.handle({ type: 'release' });
    simulator.run();
    expect(stages(client)).toEqual([
      'allocate skip 20 sent on to 198.51.100.7:3479',
      'challenge pass 20 asks for credentials of realm "example.org"',
      'allocate pass 20 relayed address 203.0.113.9:50000 for 600 s',
      'release pass 20 the server confirmed it',
    ]);
    expect(other.requests).toEqual(['Allocate', 'Allocate+', 'Refresh+']);
    expect(client.of('redirected')).toEqual([
      { type: 'redirected', server: { family: 4, address: '198.51.100.7', port: 3479 }, domain: null },
    ]);
  });

  it('in a circle is a loop', () => {
    const { simulator, client, addServer } = setUp({ script: sendTo('198.51.100.7:3479') });
    addServer('198.51.100.7:3479', sendTo('198.51.100.1:3478'));
    client.handle(allocate);
    simulator.run();
    expect(client.sent).toHaveLength(2);
    expect(client.of('failed')).toMatchObject([
      {
        data: {
          cause: 'redirect-loop',
          errorCode: 300,
          alternateServer: '198.51.100.1:3478',
          problem: 'the server sends on and on: 198.51.100.1:3478, 198.51.100.7:3479, 198.51.100.1:3478',
        },
      },
    ]);
    expect(client.transports.size).toBe(0);
  });

  it('to one new server after the other ends after five', () => {
    const { simulator, client, addServer } = setUp({ script: sendTo('198.51.100.100:3478') });
    for (let i = 100; i < 120; i++) addServer(`198.51.100.${i}:3478`, sendTo(`198.51.100.${i + 1}:3478`));
    client.handle(allocate);
    simulator.run();
    expect(client.sent).toHaveLength(6);
    expect(client.of('failed')[0]?.data.cause).toBe('redirect-loop');
  });

  it.each([
    ['without ALTERNATE-SERVER', undefined, 'ALTERNATE-SERVER is missing'],
    [
      'to another address family',
      '[2001:db8::1]:3478',
      'ALTERNATE-SERVER [2001:db8::1]:3478 is of another address family',
    ],
  ])('%s cannot be followed', (_what, to, problem) => {
    const { simulator, client } = setUp({
      script: ({ message }) => [
        error(message, 300, 'Try Alternate', (b) =>
          b.addOptional(AlternateServer, to === undefined ? undefined : address(to)),
        ),
      ],
    });
    client.handle(allocate);
    simulator.run();
    expect(client.of('failed')[0]?.data).toMatchObject({ cause: 'stun-error', errorCode: 300, problem });
  });

  it('to a server that cannot be reached fails like any other way', () => {
    const { simulator, client } = setUp({ kind: 'tcp', script: sendTo('198.51.100.7:3479') });
    client.onCommand = (command) => {
      if (command.type === 'close') client.transports.delete(command.transport);
      else {
        simulator.after(30, () =>
          client.handle({ type: 'failed', transport: command.transport, error: 'ECONNREFUSED' }),
        );
      }
    };
    client.handle(allocate);
    simulator.run();
    expect(stages(client)).toEqual([
      'allocate skip 20 sent on to 198.51.100.7:3479',
      'connect fail 0 refused: nothing listens on that port',
    ]);
    expect(client.of('released')).toEqual([{ type: 'released', outcome: 'none' }]);
    expect(client.transports.size).toBe(0);
  });
});

describe('a success', () => {
  it.each([
    ['missing', (message: Parameters<typeof answer>[0]) => answer(message, 'success')],
    ['wrong', undefined],
  ])('whose MESSAGE-INTEGRITY is %s counts for nothing, but is given back', (how, bare) => {
    const grant = (request: Parameters<FakeScript>[0]) => {
      const { message, server } = request;
      const relayed = address('203.0.113.9:50000');
      if (bare !== undefined) return [bare(message).add(XorRelayedAddress, relayed).add(Lifetime, 600).build()];
      return [server.success(message, (b) => b.add(XorRelayedAddress, relayed), 'another password')];
    };
    const { simulator, client, server } = setUp({
      script: (request) =>
        request.authentic && request.message.method === Method.Allocate ? grant(request) : undefined,
    });
    client.handle(allocate);
    simulator.run();
    const problem = `MESSAGE-INTEGRITY of the answer is ${how}`;
    expect(client.of('failed')).toEqual([
      { type: 'failed', data: { cause: 'bad-integrity', problem, requestsSent: 7, authenticated: true } },
    ]);
    // RFC 8489 9.2.5: as if it had never come, so the request is sent on.
    expect(client.of('ignored').map(({ reason, detail }) => [reason, detail])).toEqual(
      Array(7).fill(['bad-integrity', problem]),
    );
    expect(server?.requests.at(-1)).toBe('Refresh+');
  });

  it('whose integrity is wrong on a stream ends the request at once', () => {
    const { simulator, client } = setUp({
      kind: 'tcp',
      script: ({ message, authentic, server }) =>
        authentic && message.method === Method.Allocate
          ? [server.success(message, (b) => b, 'another password')]
          : undefined,
    });
    client.handle(allocate);
    expect(simulator.run()).toBe(60);
    expect(client.of('failed')[0]?.data.cause).toBe('bad-integrity');
  });

  it('without a relayed address is malformed, and given back', () => {
    const { simulator, client, server } = setUp({
      script: toAllocate(({ message, authentic, server: fake }) => (authentic ? [fake.success(message)] : undefined)),
    });
    client.handle(allocate);
    simulator.run();
    expect(stages(client).slice(1)).toEqual([
      'allocate fail 20 the answer is malformed: XOR-RELAYED-ADDRESS is missing',
      'release pass 20 there was nothing to release',
    ]);
    expect(server?.requests).toEqual(['Allocate', 'Allocate+', 'Refresh+']);
  });

  it('without LIFETIME and XOR-MAPPED-ADDRESS is taken, with a warning', () => {
    const { simulator, client } = setUp({
      script: toAllocate(({ message, authentic, server }) =>
        authentic
          ? [server.success(message, (b) => b.add(XorRelayedAddress, address('203.0.113.9:50000')))]
          : undefined,
      ),
    });
    client.handle(allocate);
    simulator.run(1000);
    expect(stages(client)[1]).toBe(
      'allocate warn 20 relayed address 203.0.113.9:50000 for 600 s; the answer lacks XOR-MAPPED-ADDRESS and LIFETIME',
    );
    expect(client.of('allocated')).toHaveLength(1);
  });

  it('with an attribute that must be understood and is not fails (RFC 8489 6.3.3)', () => {
    const { simulator, client } = setUp({
      script: toAllocate(({ message, authentic, server }) =>
        authentic ? [server.success(message, (b) => b.addRaw(0x7123, new Uint8Array(4)))] : undefined,
      ),
    });
    client.handle(allocate);
    simulator.run();
    expect(client.of('failed')[0]?.data).toMatchObject({
      cause: 'malformed',
      problem: 'byte 20: attribute 0x7123 must be understood, and nobody registered it',
    });
  });
});

describe('a story', () => {
  it('of an error response that is malformed', () => {
    const { simulator, client } = setUp({
      script: ({ message }) => [answer(message, 'error').add(Realm, 'x').build()],
    });
    client.handle(allocate);
    simulator.run();
    expect(story(client).filter((line) => !line.includes('ignored'))).toEqual([
      '39500 transaction Allocate failed malformed',
      '39500 stage challenge fail',
      '39500 failed',
      '39500 released: none',
    ]);
  });
});
