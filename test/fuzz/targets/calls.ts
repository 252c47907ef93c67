import { readControl } from '../../../src/core/call/control.ts';
import { CONTROL_CHANNEL, Echo, PROBE_CHANNEL } from '../../../src/core/call/measuring.ts';
import type { DataChannel } from '../../../src/core/call/peer-connection.ts';
import { RoomClient, RoomFailure } from '../../../src/core/signaling/room-client.ts';
import { readRoomNotice, readRoomRequest } from '../../../src/core/signaling/room-messages.ts';
import { demand, type FuzzTarget, textOf, utf8 } from '../target.ts';

/** Both sides of a room: what clients ask, and what a server tells, which may be anybody's. */
export const roomTexts: FuzzTarget = {
  name: 'rooms',
  reads: 'what is said to a server of rooms, and by one',
  words: ['open', 'join', 'joined', 'peer-joined', 'over', 'error', 'message', 'code', 'client-1', 'expiresInMs'],
  seeds: () =>
    [
      { type: 'open' },
      { type: 'join', code: 'ABC-DEF' },
      { type: 'message', to: 'client-2', message: { type: 'answer', sdp: 'v=0\r\n' } },
      { type: 'opened', code: 'ABCDEF', id: 'client-1', expiresInMs: 600_000 },
      { type: 'joined', code: 'ABCDEF', id: 'client-2', peer: 'client-1' },
      { type: 'peer-joined', peer: 'client-2' },
      { type: 'message', from: 'client-1', message: { type: 'end-of-candidates', connection: 'any' } },
      { type: 'over', reason: 'expired' },
      { type: 'error', code: 'wrong-code', message: 'no room has that code' },
    ].map((each) => utf8(JSON.stringify(each))),
  async run(input) {
    const text = textOf(input);
    const [request, notice] = [readRoomRequest(text), readRoomNotice(text)];
    for (const [read, again] of [
      [request, request.ok ? readRoomRequest(JSON.stringify(request.value)) : request],
      [notice, notice.ok ? readRoomNotice(JSON.stringify(notice.value)) : notice],
    ]) {
      demand(JSON.stringify(read) === JSON.stringify(again), 'told again it is something else');
    }
    let closed = 0;
    const client = new RoomClient({ send: () => {}, close: () => closed++, after: () => () => {} });
    const joining = client.join('ABCDEF').then(
      () => 'joined',
      () => 'failed',
    );
    for (let times = 0; times < 3; times++) client.onText(text);
    client.fail(new RoomFailure('unreachable', 'gone'));
    const end = await joining;
    demand(closed > 0 && (end === 'failed' || notice.ok), 'a client neither joins nor gives up');
    return request.ok || notice.ok ? 'read' : 'refused';
  },
};

/** The data channel, whose other end may be anybody's. */
export const callControl: FuzzTarget = {
  name: 'call-control',
  reads: 'what the other end of a call says on the data channel',
  words: [
    'ask',
    'counts',
    'bulk',
    'bulk-begins',
    'bulk-ended',
    'bulkDone',
    'sample',
    'result',
    'rttMs',
    'p1',
    'e1',
    'b',
  ],
  seeds: () =>
    [
      { ask: 'counts' },
      { counts: 12 },
      { ask: 'bulk-begins' },
      { ask: 'bulk', ms: 250 },
      { bulk: { bytes: 16_384, ms: 3 } },
      { bulkDone: true },
      { sample: { rttMs: 1.5, toAnswerer: null, toOfferer: 8e6 } },
      {
        result: {
          ...{ sent: 25, arrived: 25, returned: 25, lossPercent: 0, durationMs: 1000 },
          rttMs: { min: 1, p50: 2, p95: 3, p99: 4, max: 5 },
          throughput: { toAnswerer: 1e6, toOfferer: null },
        },
      },
    ].map((each) => utf8(JSON.stringify(each))),
  run(input) {
    const text = textOf(input);
    const control = readControl(text);
    const sent: string[] = [];
    let samples = 0;
    const echo = new Echo({ now: () => 0, after: () => () => {} }, () => samples++);
    const isSample = control !== undefined && 'sample' in control;
    for (const label of [CONTROL_CHANNEL, PROBE_CHANNEL]) {
      const base = { label, readyState: 'open', bufferedAmount: Number.POSITIVE_INFINITY, onopen: null, onclose: null };
      const channel: DataChannel = { ...base, onmessage: null, send: (each) => sent.push(each) };
      echo.take(channel);
      for (let times = 0; times < (isSample ? 401 : 3); times++) channel.onmessage?.({ data: text });
    }
    echo.stop();
    demand(samples <= 400, 'more samples are told than may be');
    demand(
      sent.every((each) => each.length < 200),
      'an answer is longer than any question',
    );
    if (control === undefined) return 'refused';
    demand(JSON.stringify(readControl(JSON.stringify(control))) === JSON.stringify(control), 'told again it differs');
    return 'read';
  },
};
