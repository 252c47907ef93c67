import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../../src/record/report.ts';
import { runCli } from '../../support/cli.ts';

// A server that hears everything and says nothing: the doctor takes its deadline, and no more.

const HOST = '127.0.0.1';
const TIMEOUT_S = 4;
/** Beyond its deadline, for a machine that is busy with other tests. */
const SLACK_MS = 4000;

describe('the doctor and a server that is silent', () => {
  const datagrams = createSocket('udp4');
  const taken = new Set<Socket>();
  const streams = createServer((socket) => taken.add(socket.on('error', () => {}).resume()));

  beforeAll(async () => {
    datagrams.bind(0, HOST);
    streams.listen(0, HOST);
    await Promise.all([once(datagrams, 'listening'), once(streams, 'listening')]);
  });
  afterAll(() => {
    datagrams.close();
    streams.close();
    for (const socket of taken) socket.destroy();
  });

  test.concurrent.each([
    ['over UDP', () => `turn:${HOST}:${datagrams.address().port}`],
    ['over TCP', () => `turn:${HOST}:${portOf(streams.address())}?transport=tcp`],
    ['over TLS', () => `turns:${HOST}:${portOf(streams.address())}`],
  ])('%s: it ends at its deadline, with a verdict', async (_over, url) => {
    const env = { ICEPROBE_USERNAME: 'alice', ICEPROBE_CREDENTIAL: 'secret' };
    const args = ['doctor', url(), '--timeout', `${TIMEOUT_S}`, '-f', 'json'];
    const { stdout, exitCode } = await runCli(args, { env });
    const report = JSON.parse(stdout) as Report;
    expect([1, 3]).toContain(exitCode);
    // A symptom is no cause, and what was cut off is not determined.
    expect(report.findings.filter(({ id, severity }) => id === 'ice.no-relay' && severity === 'error')).toEqual([]);
    expect(report.exitCode).toBe(exitCode);
    expect(report.servers?.[0]).toMatchObject({ url: url(), verdict: expect.not.stringMatching(/ok|warning/) });
    expect(report.durationMs).toBeLessThan(TIMEOUT_S * 1000 + SLACK_MS);
  });
});

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
