import { createSocket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type LocalTurnServer, startTurnServer } from '../../src/index.ts';
import { TurnSocketClient } from '../support/turn-socket-client.ts';
import { startUdpEcho } from '../support/udp-echo.ts';

/** Sends over a channel to an echo and counts what comes back, as long as `work` lasts. */
async function serveMeanwhile(
  server: LocalTurnServer,
  work: () => Promise<void>,
): Promise<{ sent: number; back: number }> {
  await using echo = await startUdpEcho();
  await using client = await TurnSocketClient.open(server);
  await client.allocate();
  await client.bind(0x4000, { family: 4, address: echo.address, port: echo.port });
  let back = 0;
  client.onData = () => back++;
  let sent = 0;
  let isOver = false;
  const data = new Uint8Array(172);
  const traffic = (async () => {
    while (!isOver) {
      client.sendOn(0x4000, data);
      sent++;
      if (sent % 50 === 0) await client.refresh();
      await wait(2);
    }
    // The last one's way back.
    await expect.poll(() => back, { timeout: 2000 }).toBe(sent);
  })();
  await work();
  isOver = true;
  await traffic;
  await client.refresh(0);
  return { sent, back };
}

/** Connections that only take room; resolves with them once they stand. */
async function openMany(count: number, port: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    return socket;
  });
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  return sockets;
}

function descriptors(): number {
  return readdirSync('/dev/fd').length;
}

async function closed(sockets: readonly Socket[], timeoutMs: number): Promise<void> {
  await expect.poll(() => sockets.filter((socket) => !socket.destroyed).length, { timeout: timeoutMs }).toBe(0);
}

describe('a good client is served while others', () => {
  it('hold connections open and say nothing, or not enough', async () => {
    const before = descriptors();
    {
      await using server = await startTurnServer({ lifetimes: { idleStream: 1 } });
      const run = await serveMeanwhile(server, async () => {
        const silent = await openMany(200, server.port);
        const slow = await openMany(100, server.port);
        // A Binding request, one byte each 50 ms: it would take a second longer than it may.
        const request = Uint8Array.of(0, 1, 0, 0x40, 0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(12));
        for (const byte of request) {
          for (const socket of slow) if (!socket.destroyed) socket.write(Uint8Array.of(byte));
          await wait(60);
        }
        await closed([...silent, ...slow], 5000);
      });
      expect(run.sent).toBeGreaterThan(100);
      expect(run.back).toBe(run.sent);
    }
    await expect.poll(descriptors).toBeLessThanOrEqual(before + 2);
  });

  it('promise frames of 64 kB and never end them, or speak something else', async () => {
    await using server = await startTurnServer({ lifetimes: { idleStream: 1 } });
    const run = await serveMeanwhile(server, async () => {
      const oversize = await openMany(100, server.port);
      for (const socket of oversize) {
        socket.write(Uint8Array.of(0, 1, 0xff, 0xfc, 0x21, 0x12, 0xa4, 0x42));
        socket.write(new Uint8Array(60_000));
      }
      const foreign = await openMany(100, server.port);
      for (const socket of foreign) socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await closed([...oversize, ...foreign], 5000);
    });
    expect(run.back).toBe(run.sent);
  });

  it('flood it with requests without credentials, and with noise', async () => {
    let rejected = 0;
    let ignored = 0;
    await using server = await startTurnServer({
      onEvent(event) {
        if (event.type === 'rejected') rejected++;
        if (event.type === 'ignored') ignored++;
      },
    });
    const run = await serveMeanwhile(server, async () => {
      const socket = createSocket('udp4');
      const allocate = Uint8Array.of(
        0,
        3,
        0,
        8,
        0x21,
        0x12,
        0xa4,
        0x42,
        ...new Uint8Array(12),
        0,
        0x19,
        0,
        4,
        17,
        0,
        0,
        0,
      );
      const noise = new Uint8Array(200).fill(0xee);
      for (let i = 0; i < 20_000; i++) {
        socket.send(i % 2 === 0 ? allocate : noise, server.port, '127.0.0.1');
        // What the generator sends faster than the system takes it would be lost, the good client's packets with it.
        if (i % 20 === 0) await wait(0);
      }
      await expect.poll(() => rejected + ignored, { timeout: 10_000 }).toBeGreaterThan(19_000);
      socket.close();
    });
    expect(run.back).toBe(run.sent);
    expect(rejected).toBeGreaterThan(9000);
    expect(server.allocations).toEqual([]);
  });

  it('stop in the middle of a TLS handshake', async () => {
    await using server = await startTurnServer();
    const run = await serveMeanwhile(server, async () => {
      const sockets = await openMany(100, server.tlsPort);
      for (const socket of sockets) socket.write(Uint8Array.of(0x16, 3, 1, 2, 0, 1));
      await wait(300);
      for (const socket of sockets) socket.destroy();
    });
    expect(run.back).toBe(run.sent);
  });

  it('ask and ask and read no answer', async () => {
    await using server = await startTurnServer();
    const [deaf] = await openMany(1, server.port);
    if (deaf === undefined) throw new Error('no connection');
    deaf.pause();
    const binding = Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(12));
    const many = Buffer.concat(Array.from({ length: 5000 }, () => binding));
    const run = await serveMeanwhile(server, async () => {
      for (let i = 0; i < 200 && !deaf.destroyed; i++) {
        deaf.write(many);
        await wait(5);
      }
      await closed([deaf], 5000);
    });
    expect(run.back).toBe(run.sent);
  });

  it('do not read what they are sent', async () => {
    await using server = await startTurnServer();
    await using deaf = await TurnSocketClient.open(server, { transport: 'tcp' });
    const relayed = await deaf.allocate();
    const flood = createSocket('udp4');
    await new Promise<void>((resolve) => flood.bind(0, '127.0.0.1', resolve));
    await deaf.permit({ family: 4, address: '127.0.0.1', port: flood.address().port });
    deaf.pause();
    const before = process.memoryUsage().rss;
    const data = new Uint8Array(60_000);
    const run = await serveMeanwhile(server, async () => {
      for (let i = 0; i < 2000; i++) {
        flood.send(data, relayed.port, relayed.address);
        if (i % 10 === 0) await wait(1);
      }
    });
    flood.close();
    // 120 MB were sent to a client that took none of it.
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
    expect(run.back).toBe(run.sent);
  });
});

describe('many allocations', () => {
  it('500 are held, refreshed, used and released, and none is lost', async () => {
    const before = descriptors();
    {
      await using server = await startTurnServer();
      const clients = await Promise.all(Array.from({ length: 500 }, () => TurnSocketClient.open(server)));
      for (let i = 0; i < clients.length; i += 50) {
        await Promise.all(clients.slice(i, i + 50).map((client) => client.allocate()));
      }
      expect(server.allocations).toHaveLength(500);
      expect(new Set(clients.map((client) => client.relayed?.port)).size).toBe(500);
      for (const client of clients) expect(await client.refresh(900)).toBe(900);
      // Each sends one message to the next one's relayed address.
      const received = new Set<number>();
      clients.forEach((client, i) => {
        client.onData = () => received.add(i);
      });
      const next = (i: number) => clients[(i + 1) % clients.length];
      for (const [i, client] of clients.entries()) {
        const peer = next(i)?.relayed;
        if (peer === undefined) throw new Error('no relayed address');
        await client.bind(0x4000, peer);
        await next(i)?.permit(peer);
      }
      for (const [i, client] of clients.entries()) {
        client.sendOn(0x4000, new Uint8Array(100));
        // The system keeps some 200 datagrams for a socket, and this is one thread.
        if (i % 50 === 49) await wait(1);
      }
      await expect.poll(() => received.size, { timeout: 5000 }).toBe(500);
      for (const client of clients) await client.refresh(0);
      expect(server.allocations).toEqual([]);
      await Promise.all(clients.map((client) => client.close()));
    }
    await expect.poll(descriptors).toBeLessThanOrEqual(before + 2);
  });
});
