import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startTurnServer } from '../../src/index.ts';
import { buildGo } from '../lab/support/build.ts';
import { describeNeeding } from '../support/needs.ts';
import { startUdpEcho } from '../support/udp-echo.ts';

const run = promisify(execFile);

describeNeeding('go', 'pion')('the client of pion/turn', () => {
  it.each(['udp', 'tcp'])('relays over %s, and gives its allocation back', async (transport) => {
    const program = await buildGo('pion-client');
    await using server = await startTurnServer({ users: { alice: 'secret' } });
    await using echo = await startUdpEcho();
    const where = ['-server', `127.0.0.1:${server.port}`, '-transport', transport, '-peer', `127.0.0.1:${echo.port}`];
    const { stdout } = await run(program, [...where, '-user', 'alice', '-password', 'secret', '-count', '100'], {
      timeout: 30_000,
    });
    expect(JSON.parse(stdout)).toEqual({
      mapped: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      relayed: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      sent: 100,
      received: 100,
    });
    await expect.poll(() => server.allocations).toEqual([]);
    expect(server.bytesRelayed).toBe(2 * 100 * 172);
  });
});

describe('the client of the package stun', () => {
  it('learns its address', async () => {
    const stun = createRequire(import.meta.url)('stun') as {
      request(server: string, done: (error: Error | null, answer: { getXorAddress(): unknown }) => void): void;
    };
    await using server = await startTurnServer();
    const address = await new Promise((resolve, reject) => {
      stun.request(`127.0.0.1:${server.port}`, (error, answer) => {
        if (error === null) resolve(answer.getXorAddress());
        else reject(error);
      });
    });
    expect(address).toMatchObject({ address: '127.0.0.1', port: expect.any(Number) });
  });
});

describeNeeding('coturn')('turnutils_natdiscovery', () => {
  it('gets an answer to each of its tests from two addresses', async () => {
    await using server = await startTurnServer({ listen: ['127.0.0.1', '127.0.0.2'] });
    expect(server.alternatePort).toBeGreaterThan(0);
    const args = ['-m', '-f', '-p', String(server.port), '127.0.0.1'];
    const { stdout } = await run('turnutils_natdiscovery', args, { timeout: 20_000 });
    expect(stdout).toContain('NAT with Endpoint Independent Mapping!');
    expect(stdout).toContain('NAT with Endpoint Independent Filtering!');
    const origins = [...stdout.matchAll(/Response origin: : ([\d.]+:\d+)/g)].map(([, origin]) => origin);
    const corners = ['127.0.0.1', '127.0.0.2'].flatMap((address) =>
      [server.port, server.alternatePort].map((port) => `${address}:${port}`),
    );
    expect(corners).toEqual(expect.arrayContaining([...new Set(origins)]));
    expect(new Set(origins).size).toBeGreaterThanOrEqual(3);
  });
});
