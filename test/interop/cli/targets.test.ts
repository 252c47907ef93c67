import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FORMATS } from '../../../src/cli/output/formats.ts';
import type { TargetsReport } from '../../../src/record/targets.ts';
import { runCli } from '../../support/cli.ts';
import { type Coturn, startCoturn } from '../../support/coturn.ts';
import { describeNeeding } from '../../support/needs.ts';
import { freePort } from '../../support/ports.ts';
import { expectTargetsReport } from '../../support/schema.ts';

const PASSWORD = 'Xq9-the-right-one';

describeNeeding('coturn')('the targets of iceprobe.config.json, against coturn', () => {
  let coturn: Coturn;
  let folder: string;
  const env = { TURN_PASSWORD: PASSWORD };

  beforeAll(async () => {
    coturn = await startCoturn({ users: { user: PASSWORD } });
    folder = mkdtempSync(join(tmpdir(), 'iceprobe-targets-'));
    const closed = await freePort(['127.0.0.1']);
    const at = `127.0.0.1:${coturn.port}`;
    const login = { username: 'user', credential: { env: 'TURN_PASSWORD' } };
    const config = {
      defaults: { maxLoss: 50, require: ['relay/udp'] },
      targets: {
        prod: { iceServers: [{ urls: [`turn:${at}`, `turn:${at}?transport=tcp`], ...login }] },
        slow: { iceServers: [{ urls: `turn:${at}`, ...login }], maxRtt: 0 },
        closed: { iceServers: [{ urls: `turn:127.0.0.1:${closed}`, ...login }] },
        stun: { iceServers: [{ urls: `stun:${at}` }] },
      },
    };
    writeFileSync(join(folder, 'iceprobe.config.json'), JSON.stringify(config));
  });
  afterAll(async () => {
    await coturn.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const check = (...args: string[]) => runCli(['check', ...args], { env, cwd: folder });

  test('are all tested in one run, whose exit code is the worst', async () => {
    const result = await check('-f', 'json');
    const report = JSON.parse(result.stdout) as TargetsReport;
    expectTargetsReport(report);
    expect(result).toMatchObject({ exitCode: 1, stderr: '' });
    expect(report).toMatchObject({ exitCode: 1, verdict: 'error', command: 'check' });
    const codes = report.targets.map(({ target, report: own }) => [target, own.exitCode]);
    expect(codes).toEqual([
      ['prod', 0],
      ['slow', 1],
      ['closed', 1],
      ['stun', 0],
    ]);
    const expectations = report.targets.map(({ report: own }) => own.expectations?.map(({ text, met }) => [text, met]));
    expect(expectations[0]).toEqual([
      ['require relay/udp', true],
      ['max-loss 50 %', true],
    ]);
    expect(expectations[1]?.[1]).toEqual(['max-rtt 0 ms', false]);
    // What the defaults ask of a relay is not asked of STUN, and so what holds by default is.
    expect(expectations[3]).toEqual([[`stun:127.0.0.1:${coturn.port} answers`, true]]);
    await coturn.waitForRelease();
  });

  test('are chosen by name; options go before the file', async () => {
    const one = await check('--target', 'stun', '--target', 'slow', '--max-rtt', '9999', '-f', 'json');
    const { targets, exitCode } = JSON.parse(one.stdout) as TargetsReport;
    expect([exitCode, ...targets.map(({ target }) => target)]).toEqual([0, 'slow', 'stun']);
    const wrong = await check('--target', 'prd');
    expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
    expect(wrong.stderr).toBe('iceprobe: iceprobe.config.json has no target "prd"\n  did you mean prod?\n');
  });

  test('are in every format at once, none of which holds the password', async () => {
    const out = mkdtempSync(join(folder, 'out-'));
    const formats = FORMATS.filter((format) => format !== 'github');
    const summary = join(out, 'summary.md');
    const reports = formats.flatMap((format) => ['--report', `${format}=${join(out, format)}`]);
    const result = await runCli(['check', '-f', 'github', '--pcap', join(out, 'pcap'), ...reports], {
      env: { ...env, GITHUB_STEP_SUMMARY: summary },
      cwd: folder,
    });
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toMatch(/^::error title=closed%3A net\.refused/m);
    const read = (name: string) => readFileSync(join(out, name), 'utf8');
    for (const format of formats) {
      for (const target of ['prod', 'slow', 'closed', 'stun']) {
        // A monitor's line tells of what is wrong, and gives the figures of all.
        expect(read(format), `${format} of ${target}`).toContain(target);
      }
      expect(read(format), format).not.toContain(PASSWORD);
    }
    expect(read('summary.md')).toMatch(/^# FAIL: 2 of 4 targets not as expected$/m);
    expect(read('pcap').length).toBeGreaterThan(1000);
    expect(result.stdout + result.stderr + read('summary.md') + read('pcap')).not.toContain(PASSWORD);

    const again = await runCli(['replay', join(out, 'ndjson'), '-f', 'json']);
    const replayed = JSON.parse(again.stdout) as TargetsReport;
    expectTargetsReport(replayed);
    expect(replayed.targets.map(({ target }) => target).toSorted()).toEqual(['closed', 'prod', 'slow', 'stun']);
    const compared = await runCli(['compare', join(out, 'json'), join(out, 'json')]);
    expect(compared).toMatchObject({ exitCode: 0, stdout: 'Nothing changed.\n' });
  });

  test('the last event of each tells the verdict that the expectations came to', async () => {
    const { stdout } = await check('--target', 'slow', '-f', 'ndjson');
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as object;
    expect(last).toMatchObject({ target: 'slow', type: 'run-finished', verdict: 'error', exitCode: 1 });
  });

  test('a reference that leads nowhere is a mistake, and a target that is not asked for may have one', async () => {
    const missing = await runCli(['check'], { cwd: folder });
    expect(missing).toMatchObject({ exitCode: 2, stdout: '' });
    expect(missing.stderr).toMatch(
      /^iceprobe: iceprobe\.config\.json:1:\d+: targets\.prod\.iceServers\[0\]\.credential: the environment variable TURN_PASSWORD is not set\n {2}set TURN_PASSWORD\n$/,
    );
    expect((await runCli(['check', '--target', 'stun'], { cwd: folder })).exitCode).toBe(0);
    const nagios = await runCli(['check', '-f', 'nagios'], { cwd: folder });
    expect(nagios).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(/^ICEPROBE UNKNOWN - .*TURN_PASSWORD is not set\n$/),
    });
  });

  test.each([
    [
      ['turn:turn.example.org', '--target', 'prod'],
      'the targets of iceprobe.config.json and a URL contradict each other',
    ],
    [['--target', 'prod', '--local'], 'the targets of iceprobe.config.json and --local contradict each other'],
    [
      ['-c', 'iceprobe.config.json', '-u', 'me'],
      '--username and the targets of iceprobe.config.json contradict each other',
    ],
    [['--target', 'stun', '--max-loss', '1'], 'max-loss 1 %: no TURN URL is configured'],
    [['--require', 'relay/sctp'], '--require "relay/sctp": "sctp" is neither a transport nor a family'],
  ])('what contradicts itself is refused: %j', async (args, message) => {
    const result = await check(...args);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain(message);
  });

  test('an empty URL is no reason to take them', async () => {
    expect(await check('')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('a URL is empty'),
    });
  });

  test('Ctrl-C in the middle gives every allocation back', async () => {
    const result = await runCli(['check', '--target', 'prod', '-f', 'ndjson', '--packets', '2000'], {
      env,
      cwd: folder,
      interrupt: { when: ({ stdout }) => stdout.includes('"permission"'), signal: 'SIGINT' },
    });
    expect(result.exitCode).toBe(130);
    await coturn.waitForRelease();
    expect(coturn.allocationsLeft()).toEqual([]);
  });
});
