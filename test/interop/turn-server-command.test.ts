import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startTurnServer } from '../../src/index.ts';
import { runCli } from '../support/cli.ts';
import { describeNeeding, pathOf } from '../support/needs.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/processes.ts';
import { runUclient } from '../support/turnutils.ts';
import { startUdpEcho } from '../support/udp-echo.ts';

const FREE = ['turn-server', '--port', '0', '--tls-port', '0'];
const untilReady = { when: ({ stdout }: { stdout: string }) => stdout.includes('ready'), signal: 'SIGTERM' } as const;

interface IceServers {
  readonly iceServers: readonly {
    readonly urls: readonly string[];
    readonly username: string;
    readonly credential: string;
  }[];
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'iceprobe-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('iceprobe turn-server', () => {
  it('prints one line of JSON to paste, then that it is ready, and ends when asked to', async () => {
    const { exitCode, stdout, stderr } = await runCli(FREE, { interrupt: untilReady });
    const [json = '', ready = '', ...more] = stdout.split('\n');
    const { iceServers } = JSON.parse(json) as IceServers;
    expect(iceServers).toHaveLength(1);
    expect(iceServers[0]?.urls).toEqual([
      expect.stringMatching(/^turn:127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^turn:127\.0\.0\.1:\d+\?transport=tcp$/),
      expect.stringMatching(/^turns:127\.0\.0\.1:\d+$/),
    ]);
    expect(ready).toMatch(/^ready: turn \(UDP, TCP\) on 127\.0\.0\.1:\d+; turns \(TLS\) on 127\.0\.0\.1:\d+$/);
    expect(more).toEqual(['']);
    expect(stderr).toMatch(/--ignore-certificate-errors-spki-list=[\w+/]{43}=/);
    expect(exitCode).toBe(143);
  });

  it('runs a command with ICE_SERVERS set, and ends with it', async () => {
    const script = [
      'const { iceServers: [{ urls }] } = JSON.parse(process.env.ICE_SERVERS);',
      "console.log(urls.length, require('fs').readFileSync(process.env.ICE_SERVERS_CA_FILE, 'utf8').slice(0, 27));",
      'process.exit(7);',
    ].join('');
    const run = await runCli([...FREE, '--', process.execPath, '-e', script]);
    expect(run).toMatchObject({ exitCode: 7, stdout: '3 -----BEGIN CERTIFICATE-----\n' });
    const inShell = await runCli([...FREE, '--exec', 'test -n "$ICE_SERVERS" && echo yes && exit 5']);
    expect(inShell).toMatchObject({ exitCode: 5, stdout: 'yes\n' });
  });

  it.each([
    ['--exec', ['--exec', 'no-such-command-here --now']],
    ['--', ['--', 'no-such-command-here', '--now']],
  ])('says 125 where the command of %s cannot be started', async (_what, args) => {
    const { exitCode, stderr } = await runCli([...FREE, ...args]);
    expect(exitCode).toBe(125);
    expect(stderr).toContain('the command could not be started');
  });

  it('tells a signal of the command as a shell does, and hands its own on', async () => {
    const killed = await runCli([...FREE, '--exec', 'kill -9 $$']);
    expect(killed.exitCode).toBe(137);
    const script = 'console.log("started"); setInterval(() => {}, 1000);';
    const interrupted = await runCli([...FREE, '--', process.execPath, '-e', script], {
      interrupt: { when: ({ stdout }) => stdout.includes('started'), signal: 'SIGINT' },
    });
    expect(interrupted.exitCode).toBe(130);
  });

  it('keeps account and certificate in --state, readable by nobody else', async () => {
    const state = join(folder(), 'deep', 'state');
    const runs = [];
    for (let i = 0; i < 2; i++) runs.push(await runCli([...FREE, '--state', state], { interrupt: untilReady }));
    const [first, second] = runs.map(
      ({ stdout }) => (JSON.parse(stdout.split('\n')[0] ?? '') as IceServers).iceServers[0],
    );
    expect(second?.username).toBe(first?.username);
    expect(second?.credential).toBe(first?.credential);
    expect(runs[1]?.stderr.match(/spki-list=\S+/)).toEqual(runs[0]?.stderr.match(/spki-list=\S+/));
    expect(runs[0]?.stderr).toContain(`NODE_EXTRA_CA_CERTS=${join(state, 'ca.pem')}`);
    for (const name of ['account.json', 'cert.pem', 'key.pem', 'ca.pem']) {
      expect(statSync(join(state, name)).mode & 0o077).toBe(0);
    }
    writeFileSync(join(state, 'account.json'), '{"username":"x"}');
    const broken = await runCli([...FREE, '--state', state]);
    expect(broken).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('holds no account') });
  });

  it.each([
    [['--status-port', '70000'], '--status-port is "70000"'],
    [['--user', 'alice'], '--user is "alice"'],
    [['--user', 'a:b', '--user', 'a:c'], '--user a is given twice'],
    [['--relay-ports', '9-1'], '--relay-ports is "9-1"'],
    [['--allow-peer', '10.0.0.0/40'], '--allow-peer is "10.0.0.0/40"'],
    [['--listen', 'localhost'], 'listen: "localhost" is no IP address'],
    [['--listen', '203.0.113.77'], '203.0.113.77'],
    [['--lan', '--listen', '127.0.0.1'], '--lan and --listen exclude each other'],
    [['--cert', 'a.pem'], '--cert and --key belong together'],
    [['--secret='], '--secret needs a value'],
    [['stun:example.org'], '"stun:example.org" is not expected here'],
    [['--exec', 'true', '--', 'true'], '--exec and -- exclude each other'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await runCli([...FREE, ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('names the port that is taken', async () => {
    await using other = await startTurnServer();
    const { exitCode, stderr } = await runCli(['turn-server', '--port', String(other.port), '--tls-port', '0']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(new RegExp(`127\\.0\\.0\\.1 port ${other.port} is in use`));
  });
});

describeNeeding('coturn')('iceprobe turn-server, with coturn', () => {
  it('logs what happens in lines for people, and no password', async () => {
    await using echo = await startUdpEcho('127.0.0.1', 2);
    const args = [...FREE, '--user', 'user:s3cr3t'];
    await using server = startProcess(process.execPath, [
      new URL('../../bin/iceprobe.js', import.meta.url).pathname,
      ...args,
    ]);
    await server.waitForOutput((text) => text.includes('ready'), 10_000, 'ready line');
    const port = Number(/turn:127\.0\.0\.1:(\d+)"/.exec(server.output())?.[1]);
    const peer = ['-e', echo.address, '-r', String(echo.port), '-n', '5', '-m', '1', '-c'];
    await runUclient({ port, args: ['-u', 'user', '-w', 's3cr3t', ...peer] });
    const wrong = startProcess(pathOf('coturn').replace(/turnserver$/, 'turnutils_uclient'), [
      ...['-p', String(port), '-u', 'user', '-w', 'wrong', ...peer, '127.0.0.1'],
    ]);
    await server.waitForOutput((text) => text.includes('refused'), 10_000, 'refusal');
    await wrong.stop();
    const log = server.output().split('\n').slice(2).join('\n');
    expect(log).toMatch(/ {2}allocated {3}#\d+ udp 127\.0\.0\.1:\d+ has 127\.0\.0\.1:\d+, for user\n/);
    expect(log).toMatch(/ {2}permission {2}#\d+ created for 127\.0\.0\.1\n/);
    expect(log).toMatch(/ {2}channel {5}#\d+ 0x[0-9a-f]{4} bound to 127\.0\.0\.1:\d+\n/);
    expect(log).toMatch(
      / {2}ended {7}#\d+ udp 127\.0\.0\.1:\d+ released: \d+ bytes to peers, \d+ bytes to the client\n/,
    );
    expect(log).toMatch(/ {2}refused {5}Allocate from udp 127\.0\.0\.1:\d+: 401, wrong password of "user"\n/);
    expect(log).not.toContain('s3cr3t');
  });

  it.each([
    ['listed users', ['--user', 'user:password'], ['-u', 'user', '-w', 'password']],
    ['a shared secret', ['--secret', 'north'], ['-u', 'user', '-W', 'north']],
  ])('prints a configuration that coturn runs with: %s', async (_what, settings, login) => {
    const port = await freePort(['127.0.0.1']);
    const { exitCode, stdout } = await runCli([
      'turn-server',
      '--port',
      String(port),
      ...settings,
      '--print-config',
      'coturn',
    ]);
    expect(exitCode).toBe(0);
    const directory = folder();
    const path = join(directory, 'turnserver.conf');
    writeFileSync(path, `${stdout}verbose\nlog-file=stdout\npidfile=${directory}/pid\nuserdb=${directory}/db\n`);
    await using coturn = startProcess(pathOf('coturn'), ['-c', path], { cwd: directory });
    await coturn.waitForOutput((log) => log.includes(`UDP listener opened on: 127.0.0.1:${port}`), 10_000, 'listener');
    expect(coturn.output()).not.toMatch(/Bad configuration|Unknown|ERROR/i);
    await using echo = await startUdpEcho('127.0.0.1', 2);
    const run = await runUclient({
      port,
      args: [...login, '-e', echo.address, '-r', String(echo.port), '-n', '5', '-m', '2'],
    });
    expect(run.lost).toBe(0);
    expect(readFileSync(path, 'utf8')).toContain('realm=iceprobe.local');
  });
});
