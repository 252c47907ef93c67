import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/bytes.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { ConnectionId, ErrorCodeAttribute } from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { Method } from '../../../src/core/stun/registry.ts';
import { DataConnection, type DataConnectionEvent } from '../../../src/core/turn/client/data-connection.ts';

const server = { family: 4, address: '198.51.100.1', port: 3478 } as const;
const timing = { rtoMs: 500, maxSends: 7, lastWaitFactor: 16, giveUpMs: 5000 };

function binding() {
  const random = seededRandom(1);
  const connection = new DataConnection({
    ...{ transport: 't', kind: 'tcp', server, connectionId: 0x1234, session: undefined, timing, random },
  });
  const events: DataConnectionEvent[] = [];
  const sent: Uint8Array[] = [];
  const drain = () => {
    for (let output = connection.poll(); output !== undefined; output = connection.poll()) {
      if (output.kind === 'transmit') sent.push(output.bytes);
      else if (output.kind === 'event' && output.event.type !== 'transaction') events.push(output.event);
    }
  };
  const handle = (...inputs: Parameters<typeof connection.handle>[0][]) => {
    for (const input of inputs) {
      connection.handle(input, 0);
      drain();
    }
  };
  handle({ type: 'bind' });
  const request = decodeMessage(sent[0] ?? new Uint8Array());
  if (!request.ok) throw new Error('no request was sent');
  const answer = (kind: 'success' | 'error') =>
    new MessageBuilder(kind, Method.ConnectionBind, request.value.transactionId);
  return { connection, events, sent, drain, handle, request: request.value, answer };
}

describe('a data connection', () => {
  it('asks to be joined, and gives on what stands right behind the answer', () => {
    const { events, handle, request, answer } = binding();
    expect([request.method, request.get(ConnectionId)]).toEqual([Method.ConnectionBind, 0x1234]);
    const early = Uint8Array.of(0, 1, 0, 8, 5, 6);
    handle({ type: 'received', bytes: concatBytes(answer('success').build(), early) });
    expect(events).toEqual([{ type: 'bound' }, { type: 'peer-data', bytes: early }]);
  });

  it('puts an answer together from any cut, and leaves every byte after it as it is', () => {
    const { events, handle, answer } = binding();
    // What looks like a STUN message is the peer's business now.
    const stream = concatBytes(answer('success').build(), answer('error').build());
    for (const byte of stream) handle({ type: 'received', bytes: Uint8Array.of(byte) });
    const data = events.flatMap((event) => (event.type === 'peer-data' ? [...event.bytes] : []));
    expect(events[0]).toEqual({ type: 'bound' });
    expect(data).toEqual([...answer('error').build()]);
  });

  it('sends nothing of ours before it is bound, and as it is afterwards', () => {
    const { sent, handle, answer } = binding();
    handle({ type: 'send', bytes: Uint8Array.of(1) });
    expect(sent).toHaveLength(1);
    handle({ type: 'received', bytes: answer('success').build() }, { type: 'send', bytes: Uint8Array.of(2, 3) });
    expect(sent[1]).toEqual(Uint8Array.of(2, 3));
  });

  it.each([
    [
      'a refusal',
      (add: ReturnType<typeof binding>) =>
        add.answer('error').add(ErrorCodeAttribute, { code: 400, reason: 'no' }).build(),
      'stun-error',
    ],
    ['no STUN', () => new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n'), 'not-stun'],
  ] as const)('tells of %s', (_what, bytes, cause) => {
    const setUp = binding();
    setUp.handle({ type: 'received', bytes: bytes(setUp) }, { type: 'send', bytes: Uint8Array.of(1) });
    expect(setUp.events.filter(({ type }) => type !== 'ignored')).toMatchObject([
      { type: 'bind-failed', data: { cause } },
    ]);
    expect(setUp.sent).toHaveLength(1);
  });

  it('tells when the connection ends before the answer, and when none comes', () => {
    const ended = binding();
    ended.handle({ type: 'received', bytes: Uint8Array.of(1, 1, 0) }, { type: 'closed', clue: { cause: 'reset' } });
    expect(ended.events).toMatchObject([{ type: 'bind-failed', data: { cause: 'reset' } }]);
    const silent = binding();
    for (let at = silent.connection.deadline?.at; at !== undefined; at = silent.connection.deadline?.at) {
      silent.connection.handleTimeout(at);
      silent.drain();
    }
    expect(silent.events).toMatchObject([{ type: 'bind-failed', data: { cause: 'timeout' } }]);
  });
});
