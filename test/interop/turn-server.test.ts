import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { startTurnServer } from '../../src/index.ts';

describe('startTurnServer', () => {
  it('gives what RTCPeerConnection wants, with credentials that nobody can guess', async () => {
    await using first = await startTurnServer();
    await using second = await startTurnServer();
    const [server] = first.iceServers;
    expect(server?.urls.slice(0, 2)).toEqual([
      `turn:127.0.0.1:${first.port}`,
      `turn:127.0.0.1:${first.port}?transport=tcp`,
    ]);
    expect(server?.credential).toMatch(/^[\w-]{22}$/);
    expect(second.iceServers[0]?.credential).not.toBe(server?.credential);
    expect(first.port).not.toBe(second.port);
    expect([first.allocations, first.bytesRelayed]).toEqual([[], 0]);
  });

  it('frees its ports when closed, and may be closed twice', async () => {
    const server = await startTurnServer();
    const { port } = server;
    await expect(startTurnServer({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await Promise.all([server.close(), server.close()]);
    await closed;
    await using again = await startTurnServer({ port });
    expect(again.port).toBe(port);
  });

  it.each([
    ['listen', { listen: 'localhost' }],
    ['listen', { listen: '127.0.0.1', lan: true }],
    ['users', { users: { alice: '' } }],
    ['secret', { secret: '' }],
    ['allowPeers', { allowPeers: ['10.0.0.0/33'] }],
    ['relayPorts', { relayPorts: { min: 2, max: 1 } }],
    ['externalIp', { externalIp: 'example.org' }],
  ])('refuses a wrong %s', async (name, options) => {
    await expect(startTurnServer(options)).rejects.toMatchObject({
      name: 'TurnServerOptionError',
      message: expect.stringContaining(name),
    });
  });

  it('says what was refused when nobody allocates', async () => {
    await using server = await startTurnServer();
    await expect(server.waitForAllocation({ timeoutMs: 20 })).rejects.toThrow('no allocation: none in 20 ms');
    const waiting = server.waitForAllocation();
    const refused = expect(waiting).rejects.toThrow('the server was closed');
    await server.close();
    await refused;
  });

  it.each(['127.0.0.1', '::1'])('speaks TCP and TLS on %s', async (address) => {
    await using server = await startTurnServer({ listen: ['127.0.0.1', '::1'] });
    const binding = Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    const ca = server.caPem ?? '';
    for (const socket of [
      connect(server.port, address),
      connectTls({ host: address, port: server.tlsPort, servername: 'localhost', ca }),
    ]) {
      socket.write(binding);
      const answer = await new Promise<Uint8Array>((resolve, reject) =>
        socket.once('data', resolve).once('error', reject),
      );
      expect([answer[0], answer[1]]).toEqual([0x01, 0x01]);
      socket.destroy();
    }
  });

  it('with lan listens on every address of this machine, and relays from the one that others reach', async () => {
    await using server = await startTurnServer({ lan: true });
    const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
    const listens = server.addresses.map(({ address }) => address);
    expect(listens).toContain('127.0.0.1');
    expect(own).toEqual(expect.arrayContaining(listens));
    const outside = own.filter((address) => !address.startsWith('127.') && !address.includes(':'));
    const host = /^turn:\[?([^\]?]+?)\]?:\d+$/.exec(server.iceServers[0]?.urls[0] ?? '')?.[1];
    expect(outside.length === 0 ? ['127.0.0.1'] : outside).toContain(host);
  });

  it('listens on each address by itself, on the same port', async () => {
    await using server = await startTurnServer({ listen: ['127.0.0.1', '::1'] });
    for (const [address, type] of [
      ['127.0.0.1', 'udp4'],
      ['::1', 'udp6'],
    ] as const) {
      const socket = createSocket(type);
      const binding = Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
      socket.send(binding, server.port, address);
      const [answer, from] = await new Promise<[Uint8Array, { address: string }]>((resolve) =>
        socket.once('message', (bytes, sender) => resolve([bytes, sender])),
      );
      expect([answer[0], answer[1], from.address]).toEqual([0x01, 0x01, address]);
      socket.close();
    }
  });
});
