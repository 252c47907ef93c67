import { expect, test } from 'vitest';
import type { Report } from '../../../src/record/report.ts';
import { runCli } from '../../support/cli.ts';
import { startNodeTurn } from '../../support/node-turn.ts';

test('node-turn 0.0.6 as it is: its dropped ChannelData and its Refresh are named', async () => {
  await using server = await startNodeTurn();
  const url = `turn:127.0.0.1:${server.port}`;
  const { stdout, exitCode } = await runCli(['probe', url, '-u', 'user', '-p', 'password', '-f', 'json']);
  const report = JSON.parse(stdout) as Report;
  expect(exitCode).toBe(1);
  const errors = report.findings.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ id, confidence, locus }) => `${id} ${confidence} ${locus}`).sort()).toEqual([
    'relay.channel-fails certain server',
    'relay.refresh-fails certain server',
  ]);
  expect(report.findings.find(({ id }) => id === 'relay.refresh-fails')?.params).toMatchObject({ zero: true });
});
