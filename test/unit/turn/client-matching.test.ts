import { describe, expect, it } from 'vitest';
import { MappedAddress, XorMappedAddress } from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { RFC8489_TIMING } from '../../../src/core/stun/transaction.ts';
import { answer, error, type FakeScript } from '../../support/fake-turn-server.ts';
import { address } from '../../support/simulator.ts';
import { SERVER, setUp, stages, story } from './client-setup.ts';

const allocate = { type: 'allocate' } as const;
const ELSEWHERE = address('198.51.100.2:3478');

function ignored(client: ReturnType<typeof setUp>['client']): string[] {
  return client.events.flatMap(({ at, event }) =>
    event.type === 'ignored' ? [`${at} ${event.reason} ${event.from} ${event.detail}`] : [],
  );
}

describe('a request', () => {
  it('is sent at the instants of RFC 8489 6.2.1 and given up at 39.5 s', () => {
    const { simulator, client } = setUp({ present: false });
    client.handle(allocate);
    expect(simulator.run()).toBe(39_500);
    expect(client.sent.map((line) => Number(line.split(' ')[0]))).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(story(client)).toEqual([
      '39500 transaction Allocate timeout timeout',
      '39500 stage challenge fail',
      '39500 failed',
      '39500 released: none',
    ]);
    expect(client.of('transaction')).toMatchObject([
      { method: 'Allocate', server: '198.51.100.1:3478', attempts: 7, rttMs: null, timing: RFC8489_TIMING },
    ]);
    expect(client.of('stage')[0]?.stage.data).toEqual({ cause: 'timeout', requestsSent: 7, authenticated: false });
  });

  it('says at each moment what it is waiting for', () => {
    const { simulator, client, machine } = setUp({ present: false });
    client.handle(allocate);
    expect(machine.deadline).toEqual({ at: 500, why: 'first retransmission of Allocate to 198.51.100.1:3478' });
    simulator.run(31_500);
    expect(machine.deadline).toEqual({
      at: 39_500,
      why: 'end of waiting for the answer to Allocate to 198.51.100.1:3478 (sent 7 times)',
    });
  });

  it('that is answered after a retransmission has no round trip time, and the next one gets twice the time for it', () => {
    const { simulator, client } = setUp({ network: { delayMs: 300 } });
    client.handle(allocate);
    simulator.run(3000);
    expect(client.of('transaction').map(({ attempts, rttMs, timing }) => [attempts, rttMs, timing.rtoMs])).toEqual([
      [2, null, 500],
      [1, 600, 1000],
    ]);
    // The answer to the second copy.
    expect(ignored(client)).toEqual(['1100 late 198.51.100.1:3478 null']);
    expect(client.of('allocated')[0]?.allocation.rttMs).toBe(600);
  });

  it('after a measured one has the usual time again', () => {
    const { simulator, client } = setUp({
      script: ({ number, server }) => (number === 1 && server.requests.length === 1 ? [] : undefined),
    });
    client.handle(allocate);
    simulator.run(1000);
    client.handle({ type: 'refresh', id: 'r' });
    simulator.run(2000);
    expect(client.of('transaction').map(({ attempts, timing }) => [attempts, timing.rtoMs])).toEqual([
      [2, 500],
      [1, 1000],
      [1, 500],
    ]);
  });
});

describe('an answer', () => {
  it('to nothing that was asked is ignored', () => {
    const { simulator, client, server } = setUp();
    client.handle(allocate);
    simulator.run(100);
    const foreign = answer(decode(error(request(), 401, 'x')), 'success').build();
    server?.say({ family: 4, address: '192.0.2.1', port: 40_000 }, foreign);
    simulator.run(200);
    expect(ignored(client)).toEqual(['110 foreign-transaction 198.51.100.1:3478 null']);
  });

  it('that comes twice is taken once', () => {
    const { simulator, client } = setUp({ network: { duplicatePercent: 100 } });
    client.handle(allocate);
    simulator.run(1000);
    expect(client.of('allocated')).toHaveLength(1);
    // Two requests arrive twice each, and each of the four answers leaves twice: all but two are late.
    expect(ignored(client)).toEqual(Array(6).fill(expect.stringMatching(/^\d+ late 198\.51\.100\.1:3478 null$/)));
  });

  it('from another address is none, and names the cause in the end', () => {
    const { simulator, client } = setUp({
      script: ({ message }) => [{ bytes: error(message, 401, 'Unauthorized'), from: ELSEWHERE }],
    });
    client.handle(allocate);
    expect(simulator.run()).toBe(39_500);
    expect(ignored(client)).toHaveLength(7);
    expect(ignored(client)[0]).toBe('20 wrong-source 198.51.100.2:3478 asked was 198.51.100.1:3478');
    expect(client.of('failed')).toEqual([
      {
        type: 'failed',
        data: { cause: 'wrong-source', answerFrom: '198.51.100.2:3478', requestsSent: 7, authenticated: false },
      },
    ]);
  });

  it('from another address does not harm the right one that follows', () => {
    const { simulator, client } = setUp({
      script: ({ message, number, server }) =>
        number === 1
          ? [
              { bytes: error(message, 403, 'Forbidden'), from: ELSEWHERE },
              { bytes: server.challenge(message), delayMs: 5 },
            ]
          : undefined,
    });
    client.handle(allocate);
    simulator.run(1000);
    expect(client.of('allocated')).toHaveLength(1);
  });

  it.each([
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'HTTP/1.1 400 Bad Request'],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n'), 'SSH-2.0-OpenSSH_9.2p1'],
    ['noise', Buffer.from('ff00ff00ff00ff00', 'hex'), undefined],
  ])('that is %s, not STUN, is kept with its first bytes', (_what, bytes, says) => {
    const { simulator, client } = setUp({ script: () => [bytes] });
    client.handle(allocate);
    simulator.run();
    expect(client.of('failed')).toEqual([
      {
        type: 'failed',
        data: {
          cause: 'not-stun',
          firstBytes: bytes.subarray(0, 32).toString('hex'),
          ...(says === undefined ? {} : { problem: says }),
          requestsSent: 7,
          authenticated: false,
        },
      },
    ]);
    expect(client.of('ignored')[0]).toEqual({
      type: 'ignored',
      transport: 't',
      reason: 'not-stun',
      from: '198.51.100.1:3478',
      detail: says ?? null,
      firstBytes: bytes.subarray(0, 32).toString('hex'),
    });
  });

  it('that is no STUN ends a stream at once', () => {
    const { simulator, client } = setUp({
      kind: 'tcp',
      script: () => [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    });
    client.handle(allocate);
    expect(simulator.run()).toBe(20);
    expect(client.of('failed')[0]?.data).toMatchObject({
      cause: 'not-stun',
      problem: expect.stringContaining('HTTP/1.1 400 Bad Request'),
      firstBytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex'),
    });
    expect(client.commands.map(({ command }) => command.type)).toEqual(['close']);
  });

  it.each<[string, FakeScript, string]>([
    [
      'whose attribute overruns it',
      ({ message }) => {
        const bytes = error(message, 401, 'x').slice();
        bytes[23] = 200;
        return [bytes];
      },
      'byte 20: an attribute says it has 200 bytes, 8 are left',
    ],
    [
      'to another method',
      ({ message }) => [new MessageBuilder('success', Method.Binding, message.transactionId).build()],
      'an answer to Binding, asked was Allocate',
    ],
    ['without ERROR-CODE', ({ message }) => [answer(message, 'error').build()], 'an error response without ERROR-CODE'],
    [
      'with a wrong FINGERPRINT',
      ({ message }) => {
        const bytes = answer(message, 'success').fingerprint().build().slice();
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        return [bytes];
      },
      'FINGERPRINT is wrong',
    ],
  ])('%s is malformed, with the place', (_what, script, problem) => {
    const { simulator, client } = setUp({ script });
    client.handle(allocate);
    simulator.run();
    expect(client.of('failed')[0]?.data).toMatchObject({ cause: 'malformed', problem, requestsSent: 7 });
    expect(client.of('ignored')[0]).toMatchObject({ reason: 'malformed', detail: problem });
  });

  it('that is our own request is an echo, not a server', () => {
    const { simulator, client } = setUp({ script: ({ message }) => [message.bytes.slice()] });
    client.handle(allocate);
    simulator.run();
    expect(client.of('failed')[0]?.data).toMatchObject({
      cause: 'not-stun',
      problem: 'our own request came back: something that returns whatever it gets',
    });
  });
});

describe('a transport that dies', () => {
  it.each([
    ['ECONNRESET', 'reset', 'the connection was reset'],
    ['closed', 'closed', 'the server closed the connection'],
  ])('by %s fails what is under way', (code, cause, detail) => {
    const { simulator, client } = setUp({ kind: 'tcp', script: () => [] });
    client.handle(allocate);
    simulator.at(50, () => client.handle({ type: 'failed', transport: 't', error: code }));
    expect(simulator.run()).toBe(50);
    expect(stages(client)).toEqual([`challenge fail 50 ${detail}`]);
    expect(client.of('failed')[0]?.data.cause).toBe(cause);
    expect(client.of('released')).toEqual([{ type: 'released', outcome: 'none' }]);
    // It is gone by itself: nothing to close.
    expect(client.commands).toEqual([]);
  });

  it('while an allocation stands loses it, and says how long the server may keep it', () => {
    const { simulator, client } = setUp({ kind: 'tcp' });
    client.handle(allocate);
    simulator.run(100_000);
    client.handle({ type: 'failed', transport: 't', error: 'ECONNRESET' });
    client.handle({ type: 'release' });
    simulator.run();
    expect(story(client).slice(-5)).toEqual([
      '100000 lost',
      '100000 transaction Refresh failed reset',
      '100000 stage release fail',
      '100000 allocation lost 203.0.113.9:50000 501',
      '100000 released: unconfirmed',
    ]);
  });
});

describe('a Binding request over the same transport', () => {
  it('gives our address, and what differs from it', () => {
    const { simulator, client } = setUp({
      script: ({ message, from }) => [
        answer(message, 'success').add(XorMappedAddress, from).add(MappedAddress, address('203.0.113.5:1')).build(),
      ],
    });
    client.handle({ type: 'binding', id: 'b' });
    simulator.run();
    expect(client.of('stage')).toEqual([
      {
        type: 'stage',
        id: 'b',
        stage: {
          stage: 'binding',
          status: 'pass',
          ms: 20,
          detail: '192.0.2.1:40000',
          data: {
            requestsSent: 1,
            rttMs: 20,
            mappedAddress: '192.0.2.1:40000',
            plainMappedAddress: '203.0.113.5:1',
          },
        },
      },
    ]);
  });

  it('takes MAPPED-ADDRESS from a server of RFC 3489', () => {
    const { simulator, client } = setUp({
      script: ({ message, from }) => [answer(message, 'success').add(MappedAddress, from).build()],
    });
    client.handle({ type: 'binding', id: 'b' });
    simulator.run();
    expect(stages(client)).toEqual(['binding pass 20 192.0.2.1:40000']);
  });

  it('without an address is malformed', () => {
    const { simulator, client } = setUp({ script: ({ message }) => [answer(message, 'success').build()] });
    client.handle({ type: 'binding', id: 'b' });
    simulator.run();
    expect(stages(client)).toEqual([
      'binding fail 20 the answer is malformed: the answer has neither XOR-MAPPED-ADDRESS nor MAPPED-ADDRESS',
    ]);
  });
});

function request() {
  const { client, simulator } = setUp({ present: false, network: { seed: 99 } });
  client.handle(allocate);
  simulator.run(0);
  simulator.run(20);
  return decode(simulator.strays[0]?.bytes ?? new Uint8Array());
}

function decode(bytes: Uint8Array) {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value;
}

it('the server of these tests is where it should be', () => {
  expect(SERVER).toEqual(address('198.51.100.1:3478'));
});
