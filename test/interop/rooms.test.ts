import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { joinRoom, openRoom } from '../../src/call/room-channel.ts';
import { MAX_MESSAGE_BYTES } from '../../src/core/signaling/message.ts';
import { RoomFailure } from '../../src/core/signaling/room-client.ts';
import { makeServerCertificate } from '../../src/turn-server/certificate/server-certificate.ts';
import { type SignalServerOptions, startSignalServer } from '../../src/web/server/signal.ts';
import { type Place, Raw, urlOf } from '../support/raw-room.ts';

const BIN = fileURLToPath(new URL('../../bin/iceprobe.js', import.meta.url));
const never = new AbortController().signal;

async function pair(server: Place) {
  const a = await Raw.connect(server);
  const opened = await a.say({ type: 'open' }).hears('opened');
  const b = await Raw.connect(server);
  const joined = await b.say({ type: 'join', code: opened.code }).hears('joined');
  await a.hears('peer-joined');
  return { a, b, opened, joined };
}

/** The most that a process has held. */
function residentBytes(pid: number | undefined): number {
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

const bye = { type: 'goodbye', reason: 'x' } as const;
const serve = (options: SignalServerOptions = {}) => startSignalServer(options);

describe('rooms', () => {
  it('bring two together, who hear each other and nobody else', async () => {
    await using server = await serve();
    const room = await openRoom({ url: urlOf(server) }, never);
    const other = await openRoom({ url: urlOf(server) }, never);
    expect(room.code).toMatch(/^[2-9A-Z]{6}$/);
    const there = await joinRoom({ url: urlOf(server) }, room.code.toLowerCase(), never);
    const here = await room.joined;
    const elsewhere = await joinRoom({ url: urlOf(server) }, other.code, never);
    expect([here.remote, there.remote]).toEqual([there.local, here.local]);
    const heard: unknown[] = [];
    elsewhere.listen((message) => heard.push(message));
    const got = new Promise((resolve) => there.listen(resolve));
    here.send({ type: 'offer', sdp: 'v=0\r\n', connection: 'relay/udp' });
    expect(await got).toEqual({ type: 'offer', sdp: 'v=0\r\n', connection: 'relay/udp' });
    expect(heard).toEqual([]);
    here.close();
    expect(await there.closed).toBe('the other end left the room');
    elsewhere.close();
    expect(await (await other.joined).closed).toBe('the other end left the room');
    await expect.poll(() => server.size).toEqual({ rooms: 0, connections: 0 });
  });

  it('refuse a wrong code, a third one, and a second room for one', async () => {
    await using server = await serve();
    const { a, opened } = await pair(server);
    await expect(joinRoom({ url: urlOf(server) }, 'ZZZZZZ', never)).rejects.toMatchObject({ code: 'wrong-code' });
    await expect(joinRoom({ url: urlOf(server) }, opened.code, never)).rejects.toMatchObject({ code: 'room-full' });
    expect(await a.say({ type: 'open' }).hears('error')).toMatchObject({ code: 'room-full' });
  });

  it('carry nothing out of a room, whomever it is addressed to', async () => {
    await using server = await serve();
    const first = await pair(server);
    const second = await pair(server);
    first.a.say({ type: 'message', to: second.opened.id, message: bye });
    expect(await first.a.hears('error')).toMatchObject({ code: 'alone' });
    await using stranger = await Raw.connect(server);
    expect(await stranger.say({ type: 'message', to: first.opened.id, message: bye }).hears('error')).toMatchObject({
      code: 'no-room',
    });
    first.a.say({ type: 'message', to: first.joined.id, message: { ...bye, secret: 'x' }, from: 'somebody' });
    expect(await first.b.hears('message')).toEqual({ type: 'message', from: first.opened.id, message: bye });
    expect([...second.a.notices, ...second.b.notices]).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['another type', '{"type":"eval"}'],
    ['a list', '[]'],
    ['nothing', ''],
    ['a message that is none', '{"type":"message","to":"client-2","message":{"type":"offer","sdp":7}}'],
    ['a code of another kind', '{"type":"join","code":["A"]}'],
  ])('answer %s with an error, and close on who goes on so', async (_what, text) => {
    await using server = await serve();
    await using raw = await Raw.connect(server);
    for (let i = 0; i < 5; i++) raw.say(text);
    await raw.hears('error');
    expect(await raw.closed).toBe(1008);
  });

  it('close on what is huge, before it is read', async () => {
    await using server = await serve();
    const { a, b, joined } = await pair(server);
    const sdp = `v=0${'x'.repeat(4 * MAX_MESSAGE_BYTES)}`;
    a.say({ type: 'message', to: joined.id, message: { type: 'offer', sdp } });
    expect(await a.closed).toBe(1009);
    expect(await b.hears('over')).toMatchObject({ reason: 'peer-left' });
  });

  it('stop a flood, and keep none of it', async () => {
    // A process of its own: what is flooded from here waits in our memory, too.
    const child = spawn(process.execPath, [BIN, 'signal'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.once('close', resolve));
    try {
      const line = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
      const server = { port: Number(/:(\d+)/.exec(line)?.[1]) };
      const { a, b, joined } = await pair(server);
      // Somebody who does not read what it is told.
      b.socket.pause();
      const sdp = `v=0${'x'.repeat(60_000)}`;
      const before = residentBytes(child.pid);
      for (let i = 0; i < 2000; i++) a.say({ type: 'message', to: joined.id, message: { type: 'offer', sdp } });
      expect(await a.closed).toBe(1008);
      // 120 MB were said.
      expect(residentBytes(child.pid) - before).toBeLessThan(60 * 1024 * 1024);
      expect(await (await Raw.connect(server)).say({ type: 'open' }).hears('opened')).toBeDefined();
    } finally {
      child.kill('SIGINT');
      await ended;
    }
  });

  it('close on silence, and end when their time is over', async () => {
    await using server = await serve({ limits: { introductionMs: 200, lifetimeMs: 400 } });
    const silent = await Raw.connect(server);
    const host = await Raw.connect(server);
    await host.say({ type: 'open' }).hears('opened');
    await silent.closed;
    expect(await host.hears('over')).toMatchObject({ reason: 'expired' });
    await host.closed;
    await expect.poll(() => server.size).toEqual({ rooms: 0, connections: 0 });
  });

  it('take so many connections from one address, and so many guesses from all', async () => {
    await using server = await serve({ limits: { connectionsPerAddress: 3, wrongCodesPerMinute: 2 } });
    await using host = await Raw.connect(server);
    const { code } = await host.say({ type: 'open' }).hears('opened');
    await using guesser = await Raw.connect(server);
    for (const wrong of ['AAAAAA', 'BBBBBB']) {
      expect(await guesser.say({ type: 'join', code: wrong }).hears('error')).toMatchObject({ code: 'wrong-code' });
    }
    expect(await guesser.say({ type: 'join', code }).hears('error')).toMatchObject({ code: 'too-fast' });
    await using third = await Raw.connect(server);
    expect(third.socket.readyState).toBe(WebSocket.OPEN);
    await expect(Raw.connect(server)).rejects.toThrow('503');
  });

  it('are not for pages of others', async () => {
    await using server = await serve();
    await expect(Raw.connect(server, { origin: 'https://example.org' })).rejects.toThrow('403');
  });

  it('are served beyond this machine over TLS alone, where a fingerprint tells the right server', async () => {
    await expect(serve({ listen: '0.0.0.0' })).rejects.toThrow(TypeError);
    const tls = makeServerCertificate(['127.0.0.1']);
    await using server = await serve({ tls });
    const url = `wss://127.0.0.1:${server.port}/rooms`;
    const fingerprint = new X509Certificate(tls.cert).fingerprint256.replaceAll(':', '');
    const room = await openRoom({ url, fingerprint }, never);
    await expect(openRoom({ url }, never)).rejects.toMatchObject({ code: 'certificate' });
    const wrong = openRoom({ url, fingerprint: 'ab'.repeat(32) }, never);
    await expect(wrong).rejects.toMatchObject({ code: 'certificate' });
    (await joinRoom({ url, ca: tls.caPem }, room.code, never)).close();
    expect(await (await room.joined).closed).toBe('the other end left the room');
  });

  it('say when there is nothing at an address, and when waiting is given up', async () => {
    const server = await serve();
    const abort = new AbortController();
    const room = await openRoom({ url: urlOf(server) }, abort.signal);
    abort.abort();
    await expect(room.joined).rejects.toBeInstanceOf(RoomFailure);
    const path = openRoom({ url: `ws://127.0.0.1:${server.port}/nothing` }, never);
    await expect(path).rejects.toMatchObject({ code: 'no-rooms' });
    await server.close();
    await expect(openRoom({ url: urlOf(server) }, never)).rejects.toMatchObject({ code: 'unreachable' });
  });
});
