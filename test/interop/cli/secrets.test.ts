import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FORMATS } from '../../../src/cli/output/formats.ts';
import { type LocalTurnServer, startTurnServer } from '../../../src/turn-server/start.ts';
import { type CliRun, runCli } from '../../support/cli.ts';
import { expectSilent as expectNone } from '../../support/secrets.ts';

// No secret that a run is given may stand in anything that it writes: in no format, in no language of bytes.

const RIGHT = 'Gr0und-Zer0/secret+word=';
const WRONG = 'n0t-The-0ne/secret+word=';
const SHARED = 'sh4red/REST+secret=';
const SECRETS = [RIGHT, WRONG, SHARED];

let server: LocalTurnServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iceprobe-secrets-'));
  server = await startTurnServer({ users: { alice: RIGHT } });
});
afterAll(() => server.close());

const url = () => `turn:127.0.0.1:${server.port}`;

function expectSilent(text: string, secrets: readonly string[] = SECRETS): void {
  expectNone(text, secrets);
}

function outputOf({ stdout, stderr }: CliRun): string {
  return stdout + stderr;
}

describe.each(['gather', 'probe', 'nat', 'doctor', 'check', 'lint'])('%s', (command) => {
  const bounded = command === 'lint' ? [] : ['--timeout', '20'];

  // Every format of one run: each is a rendering of the same report, ndjson the events as they come.
  test.each(FORMATS.filter((format) => format === 'ndjson' || format === 'nagios'))(
    'in every format beside %s, right and wrong, by option and by environment',
    async (main) => {
      const others = FORMATS.filter((format) => format !== 'ndjson');
      const files = others.map((format) => join(folder, `${command}-${main}.${format}`));
      const reports = others.flatMap((format, i) => ['--report', `${format}=${files[i]}`]);
      const words = [command, url(), '-f', main, ...reports, ...bounded];
      const texts = () => files.map((file) => readFileSync(file, 'utf8'));
      const right = await runCli([...words, '-u', 'alice', '-p', RIGHT]);
      // One server on this machine does not settle every question about a NAT.
      expect(right.exitCode).toBe(command === 'nat' ? 3 : 0);
      for (const text of [outputOf(right), ...texts()]) {
        expect(text.length).toBeGreaterThan(20);
        expectSilent(text);
      }
      const wrong = await runCli(words, { env: { ICEPROBE_USERNAME: 'alice', ICEPROBE_CREDENTIAL: WRONG } });
      if (command !== 'lint' && command !== 'nat') expect(wrong.exitCode).toBe(main === 'nagios' ? 2 : 1);
      for (const text of [outputOf(wrong), ...texts()]) expectSilent(text);
    },
  );

  test('with all events, in a file, from a configuration and from a shared secret', async () => {
    const config = join(folder, `${command}.json`);
    writeFileSync(config, JSON.stringify({ iceServers: [{ urls: [url()], username: 'alice', credential: RIGHT }] }));
    const kept = join(folder, `${command}-report.json`);
    const all = await runCli([command, '-c', config, '--report', `json=${kept}`, '--events', ...bounded]);
    expect(all.exitCode).toBe(command === 'nat' ? 3 : 0);
    expectSilent(outputOf(all) + readFileSync(kept, 'utf8'));
    const minted = await runCli([command, url(), '--secret', SHARED, '-f', 'json', ...bounded]);
    expectSilent(outputOf(minted));
    const { username } = (JSON.parse(minted.stdout) as { configuration: { iceServers: [{ username: string }] } })
      .configuration.iceServers[0];
    expectSilent(outputOf(minted), [createHmac('sha1', SHARED).update(username).digest('base64')]);
  });

  test('in a mistake', async () => {
    for (const words of [
      ['turn:127.0.0.1:99999', '-u', 'alice', '-p', RIGHT],
      [`turn:alice:${RIGHT}@127.0.0.1`],
      ['--ice-servers', `[{"urls":"turn:127.0.0.1","username":"alice","credential":"${RIGHT}",}`],
      [url(), '-u', 'alice', '-p', RIGHT, '--no-such-option'],
      [url(), '-u', 'alice', '-p', RIGHT, '--secret', SHARED],
    ]) {
      const run = await runCli([command, ...words]);
      expect(run.exitCode).not.toBe(70);
      expectSilent(outputOf(run));
    }
  });
});

test('turn-server tells its password in its ready line alone, and a shared secret nowhere', async () => {
  const words = ['turn-server', '--port', '0', '--tls-port', '0', '--user', `alice:${RIGHT}`, '--', process.execPath];
  const run = await runCli([...words, '-e', '0']);
  const rest = run.stdout.split('\n').filter((line) => !line.startsWith('{"iceServers"'));
  expectSilent(rest.join('\n') + run.stderr);
  const shared = await runCli(['turn-server', '--port', '0', '--secret', SHARED, '--', process.execPath, '-e', '0']);
  expectSilent(outputOf(shared));
});
