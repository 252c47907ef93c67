import { expect, test } from 'vitest';
import { finishRun } from '../../../src/diagnosis/make-report.ts';
import { startSuite } from '../../../src/probe/suite.ts';
import { startCoturn } from '../../support/coturn.ts';
import { describeNeeding } from '../../support/needs.ts';
import { expectReport } from '../../support/schema.ts';

describeNeeding('coturn')('a suite', () => {
  test('gathers, finds the NAT and probes in one run with one report', async () => {
    await using server = await startCoturn();
    const url = `turn:127.0.0.1:${server.port}`;
    const run = startSuite(
      {
        iceServers: [
          {
            urls: [url, `${url}?transport=tcp`, `stun:127.0.0.1:${server.port}`],
            username: 'user',
            credential: 'password',
          },
        ],
        parts: ['gather', 'nat', 'probe'],
      },
      (log, record) => finishRun(log, record, {}),
    );
    const report = await run.report;
    expectReport(report);
    expect(report.findings.filter(({ severity }) => severity === 'error' || severity === 'warning')).toEqual([]);
    expect(report.servers?.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok']);
    expect(report.servers?.[0]?.attempts.some(({ relay }) => relay?.lossPercent === 0)).toBe(true);
    expect(report.gatherings).toHaveLength(1);
    expect(report.nat).toMatchObject([{ interface: 'lo', family: 4, mapping: 'none', mappedAddress: '127.0.0.1' }]);
    expect(report.exitCode).toBe(0);
    await server.waitForRelease();
  });

  test('that the deadline ends in the middle of the data blames nobody, ends by then and gives everything back', async () => {
    await using server = await startCoturn();
    const url = `turn:127.0.0.1:${server.port}`;
    const run = startSuite(
      {
        iceServers: [{ urls: [url, `${url}?transport=tcp`], username: 'user', credential: 'password' }],
        parts: ['gather', 'probe'],
        // Half a minute of data, were there no deadline.
        packets: 1000,
        rate: 100,
        timeoutMs: 3000,
      },
      (log, record) => finishRun(log, record, {}),
    );
    const report = await run.report;
    expectReport(report);
    expect(report.findings.filter(({ severity }) => severity === 'error' || severity === 'warning')).toEqual([]);
    // What the gathering got does not make up for what was not seen of the relay.
    expect(report.servers?.map(({ verdict }) => verdict)).toEqual(['undetermined', 'undetermined']);
    expect(report).toMatchObject({ verdict: 'undetermined', exitCode: 3 });
    const data = report.servers?.flatMap(({ attempts }) =>
      attempts.flatMap(({ stages }) => stages.filter(({ stage }) => stage === 'relay-data')),
    );
    expect(data).toMatchObject([
      { status: 'unknown', data: { cause: 'not-run' } },
      { status: 'unknown', data: { cause: 'not-run' } },
    ]);
    expect(report.durationMs).toBeLessThan(5 * 3000);
    await server.waitForRelease();
  });
});
