import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src/record/report.ts';
import { type FakeWorld, runInFakeWorld } from '../../support/context.ts';

async function lint(args: readonly string[], world: FakeWorld = {}): Promise<{ exitCode: number; findings: string[] }> {
  const { stdout, exitCode } = await runInFakeWorld(['lint', '-f', 'json', ...args], world);
  const { findings, ...report } = JSON.parse(stdout) as Report;
  expect(report.exitCode).toBe(exitCode);
  const grave = findings.filter(({ severity }) => severity === 'error' || severity === 'warning');
  return { exitCode, findings: grave.map(({ id }) => id) };
}

const LOGIN = ['-u', 'alice', '--credential=secret'];

describe('iceprobe lint', () => {
  it.each([
    [['stun:a.example'], 0, []],
    [['turn:a.example', ...LOGIN], 0, []],
    [['turn:a.example'], 1, ['config.missing-credential']],
    [['turn:a.example?transport=tls', ...LOGIN], 1, ['config.url-syntax']],
    [['--ice-servers', "[{ url: 'stun:a.example' }]"], 0, ['config.form']],
    [['stun:a.example', '--policy', 'relay'], 1, ['config.relay-policy-without-turn']],
    [['turn:a.example', '-u', '1500000000:alice', '--credential=secret'], 1, ['config.credential-expired']],
  ])('%j', async (args, exitCode, findings) => {
    expect(await lint(args)).toEqual({ exitCode, findings });
  });

  it('fills credentials of the environment into servers that have none', async () => {
    const env = { ICEPROBE_USERNAME: 'alice', ICEPROBE_CREDENTIAL: 'secret' };
    expect(await lint(['turn:a.example'], { env })).toEqual({ exitCode: 0, findings: [] });
  });

  it('streams events as NDJSON, one a line', async () => {
    const { stdout } = await runInFakeWorld(['lint', '-f', 'ndjson', 'stun:a.example']);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; type: string });
    expect(events.map(({ seq, type }) => `${seq} ${type}`)).toEqual(['1 run-started', '2 run-finished']);
  });

  it('puts the events into the JSON report with --events', async () => {
    const { stdout } = await runInFakeWorld(['lint', '-f', 'json', '--events', 'stun:a.example']);
    expect((JSON.parse(stdout) as Report).events?.map(({ type }) => type)).toEqual(['run-started', 'run-finished']);
  });

  it('prints the configuration as it should be, ready to paste, without its secrets', async () => {
    const given = JSON.stringify({
      iceServers: [
        { urls: ['stun://a.example', 'stun:a.example', 'stun:numb.viagenie.ca'] },
        { urls: 'turn:b.example?transport=tls', username: 'alice', credential: 'hunter2' },
        { urls: 'turn:c.example' },
      ],
      iceTransportPolicy: 'relay',
    });
    const { stdout } = await runInFakeWorld(['lint', '-c', '-'], { stdin: given });
    const [, corrected = ''] = stdout.split('\nCorrected\n');
    expect(stdout).not.toContain('hunter2');
    expect(corrected).toMatch(/^ {2}stun:\/\/a\.example is now stun:a\.example\n/);
    expect(JSON.parse(corrected.slice(corrected.indexOf('{')))).toEqual({
      iceServers: [
        { urls: ['stun:a.example'] },
        { urls: ['turns:b.example'], username: 'alice', credential: '...' },
        { urls: ['turn:c.example'], username: '...', credential: '...' },
      ],
      iceTransportPolicy: 'relay',
    });
  });

  it.each([[['stun:a.example']], [['turn:a.example', ...LOGIN]], [['turn:a.example', '--redact']], [['stun:']]])(
    'prints none where there is nothing to correct, or nothing left: %j',
    async (args) => {
      expect((await runInFakeWorld(['lint', ...args])).stdout).not.toContain('Corrected');
    },
  );
});
