import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/core/random.ts';
import { CandidateQueue } from '../../../src/core/signaling/candidate-queue.ts';
import { MAX_MESSAGE_BYTES, parsePeerMessage } from '../../../src/core/signaling/message.ts';
import { RoomClient } from '../../../src/core/signaling/room-client.ts';
import { formatRoom, normaliseCode, ROOM_LIMITS, Rooms } from '../../../src/core/signaling/rooms.ts';

describe('messages', () => {
  test.each([
    ['{"type":"offer","sdp":"v=0\\r\\n","extra":1}', { type: 'offer', sdp: 'v=0\r\n' }],
    ['{"type":"end-of-candidates"}', { type: 'end-of-candidates' }],
    ['{"type":"goodbye","reason":7}', { type: 'goodbye', reason: '' }],
    [
      '{"type":"new-ice-candidate","candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0}',
      { type: 'new-ice-candidate', candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: null },
    ],
  ])('%s', (text, value) => {
    expect(parsePeerMessage(text)).toEqual({ ok: true, value });
  });

  test.each([
    ['{', 'not-json'],
    ['[]', 'bad-field'],
    ['null', 'bad-field'],
    ['{"type":"eval"}', 'unknown-type'],
    ['{"type":"__proto__"}', 'unknown-type'],
    ['{"type":"offer"}', 'bad-field'],
    ['{"type":"offer","sdp":"hello"}', 'bad-field'],
    ['{"type":"new-ice-candidate","candidate":1}', 'bad-field'],
    ['{"type":"new-ice-candidate","candidate":"","sdpMLineIndex":-1}', 'bad-field'],
    [`"${'x'.repeat(MAX_MESSAGE_BYTES)}"`, 'too-large'],
  ])('%.40s is refused', (text, code) => {
    expect(parsePeerMessage(text)).toMatchObject({ ok: false, error: { code } });
  });
});

describe('rooms', () => {
  const opened = (rooms: Rooms, now = 0) => {
    const room = rooms.open(now);
    if (!room.ok) throw new Error(room.error.message);
    return room.value;
  };
  const joined = (rooms: Rooms, code: string, now = 0) => {
    const member = rooms.join(code, now);
    if (!member.ok) throw new Error(member.error.message);
    return member.value;
  };

  test('two find each other by a code however it is typed, and speak to each other alone', () => {
    const rooms = new Rooms(seededRandom(1));
    const a = opened(rooms);
    const other = opened(rooms);
    expect(a.code).not.toBe(other.code);
    const b = joined(rooms, `${a.code.slice(0, 3)}-${a.code.slice(3)}`.toLowerCase());
    expect(b.peer).toBe(a.id);
    expect(rooms.relay(a.code, a.id, 10, 0)).toEqual({ ok: true, value: { to: b.id } });
    expect(rooms.relay(a.code, b.id, 10, 0)).toEqual({ ok: true, value: { to: a.id } });
    expect(rooms.relay(a.code, other.id, 10, 0)).toMatchObject({ ok: false, error: { code: 'expired' } });
    expect(rooms.leave(a.code, other.id)).toEqual([]);
    expect(rooms.leave(a.code, a.id)).toEqual([b.id]);
    expect(rooms.relay(a.code, b.id, 10, 0)).toMatchObject({ ok: false, error: { code: 'expired' } });
  });

  test('a third, a wrong code, a lonely one, too much, too fast, too late', () => {
    const rooms = new Rooms(seededRandom(2));
    const a = opened(rooms);
    expect(rooms.relay(a.code, a.id, 1, 0)).toMatchObject({ error: { code: 'alone' } });
    joined(rooms, a.code);
    expect(rooms.join(a.code, 0)).toMatchObject({ error: { code: 'room-full' } });
    expect(rooms.join('AAAAAA', 0)).toMatchObject({ error: { code: 'wrong-code' } });
    expect(rooms.relay(a.code, a.id, MAX_MESSAGE_BYTES + 1, 0)).toMatchObject({ error: { code: 'too-large' } });
    const answers = Array.from({ length: 1000 }, () => rooms.relay(a.code, a.id, 1, 1));
    expect(answers.filter(({ ok }) => ok).length).toBeLessThanOrEqual(ROOM_LIMITS.burst);
    expect(answers.at(-1)).toMatchObject({ error: { code: 'too-fast' } });
    expect(rooms.relay(a.code, a.id, 1, 1000)).toMatchObject({ ok: true });
    expect(rooms.relay(a.code, a.id, 1, ROOM_LIMITS.lifetimeMs)).toMatchObject({ error: { code: 'expired' } });
    expect(rooms.expire(ROOM_LIMITS.lifetimeMs)).toHaveLength(2);
    expect(rooms.size).toBe(0);
  });

  test('guessing is stopped for all, and opening rooms has a bound', () => {
    const rooms = new Rooms(seededRandom(3));
    const a = opened(rooms);
    for (let i = 0; i < ROOM_LIMITS.wrongCodesPerMinute; i++) rooms.join('ZZZZZZ', 0);
    expect(rooms.join(a.code, 1)).toMatchObject({ error: { code: 'too-fast' } });
    expect(rooms.join(a.code, 60_000)).toMatchObject({ ok: true });
    for (let i = rooms.size; i < ROOM_LIMITS.rooms; i++) opened(rooms);
    expect(rooms.open(0)).toMatchObject({ error: { code: 'too-many-rooms' } });
  });

  test('codes are read as they are said', () => {
    expect(normaliseCode(' ab2-c9z ')).toBe('AB2C9Z');
  });

  test.each([
    ['ws://127.0.0.1:4321', 'ws://127.0.0.1:4321/AB2-C9Z'],
    ['wss://192.0.2.7:443/?pin=00ff', 'wss://192.0.2.7:443/AB2-C9Z?pin=00ff'],
    ['wss://[2001:db8::7]:443/rooms?pin=00ff', 'wss://[2001:db8::7]:443/AB2-C9Z?pin=00ff'],
  ])('the address of a room at %s holds all that a person copies', (base, address) => {
    expect(formatRoom(base, 'AB2C9Z')).toBe(address);
  });
});

describe('a client of a server of rooms', () => {
  const silent = () => {
    const said: string[] = [];
    const timers: { readonly ms: number; readonly run: () => void }[] = [];
    const client = new RoomClient({
      send: (text) => said.push(text),
      close: () => said.push('closed'),
      after(ms, run) {
        const timer = { ms, run };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
    });
    return { client, said, timers };
  };

  test('gives up on one that is silent, and closes', async () => {
    const { client, said, timers } = silent();
    const joining = client.join('AB2C9Z');
    expect(timers.map(({ ms }) => ms)).toEqual([10_000]);
    timers[0]?.run();
    await expect(joining).rejects.toMatchObject({ code: 'silent' });
    expect(said).toEqual(['{"type":"join","code":"AB2C9Z"}', 'closed']);
  });

  test('waits for nobody longer than a room lives, whatever the server says of that', async () => {
    const { client, timers } = silent();
    const opening = client.open();
    client.onText('{"type":"opened","code":"AB2C9Z","id":"client-1","expiresInMs":1e300}');
    const { joined } = await opening;
    expect(timers.map(({ ms }) => ms)).toEqual([3_610_000]);
    timers[0]?.run();
    await expect(joined).rejects.toMatchObject({ code: 'silent' });
  });

  test('keeps a thousand notices and no more, until somebody asks for them', async () => {
    const { client } = silent();
    for (let i = 0; i < 5000; i++) client.onText('{"type":"peer-joined","peer":"client-9"}');
    client.onText('{"type":"joined","code":"AB2C9Z","id":"client-2","peer":"client-1"}');
    const joining = client.join('AB2C9Z');
    client.onText('{"type":"error","code":"wrong-code","message":"no room"}');
    await expect(joining).rejects.toMatchObject({ code: 'wrong-code' });
  });
});

test('candidates wait for the description, in their order and within a bound', () => {
  const queue = new CandidateQueue(2);
  const candidate = (n: number) =>
    ({
      type: 'new-ice-candidate',
      candidate: `candidate:${n}`,
      sdpMid: null,
      sdpMLineIndex: 0,
      usernameFragment: null,
    }) as const;
  expect(queue.push(candidate(1))).toEqual([]);
  expect(queue.push({ type: 'end-of-candidates' })).toEqual([]);
  expect(queue.push(candidate(2))).toBe(false);
  expect(queue.describe()).toEqual([candidate(1), { type: 'end-of-candidates' }]);
  expect(queue.waiting).toBe(0);
  expect(queue.push(candidate(3))).toEqual([candidate(3)]);
});
