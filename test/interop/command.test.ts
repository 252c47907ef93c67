import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/record/report.ts';
import { type CliOptions, runCli } from '../support/cli.ts';
import { type Coturn, startCoturn } from '../support/coturn.ts';
import { describeNeeding, pathOf } from '../support/needs.ts';

const folder = mkdtempSync(join(tmpdir(), 'iceprobe-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

const LOGIN = { ICEPROBE_USERNAME: 'user', ICEPROBE_CREDENTIAL: 'password' };

function urlsOf({ port }: Coturn): string[] {
  return [`stun:127.0.0.1:${port}`, `turn:127.0.0.1:${port}`, `turn:127.0.0.1:${port}?transport=tcp`];
}

/** A port that takes everything and never answers. */
async function silentPort(): Promise<AsyncDisposable & { readonly port: number }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    [Symbol.asyncDispose]: async () => {
      socket.close();
    },
  };
}

describeNeeding('coturn')('the command against coturn', () => {
  it('finds every kind of candidate, ends with 0, and gives its allocations back', async () => {
    await using coturn = await startCoturn();
    const run = await runCli([...urlsOf(coturn), '-f', 'json'], { env: LOGIN });
    expect(run.stderr).toBe('');
    expect(run.exitCode).toBe(0);
    const report = JSON.parse(run.stdout) as Report;
    expect(report.verdict).toBe('ok');
    const kinds = report.gatherings?.[0]?.candidates.map(({ type, relayProtocol }) =>
      `${type} ${relayProtocol ?? ''}`.trim(),
    );
    expect(new Set(kinds)).toEqual(new Set(['host', 'relay udp', 'relay tcp']));
    await coturn.waitForRelease();
  });

  it.each([
    ['a wrong password', { ...LOGIN, ICEPROBE_CREDENTIAL: 'wrong' }, 'auth.bad-credentials'],
    ['a wrong user', { ...LOGIN, ICEPROBE_USERNAME: 'nobody' }, 'auth.bad-credentials'],
  ])('names %s', async (_what, env, id) => {
    await using coturn = await startCoturn();
    const run = await runCli([`turn:127.0.0.1:${coturn.port}`, '-f', 'json'], { env });
    expect(run.exitCode).toBe(1);
    expect((JSON.parse(run.stdout) as Report).findings[0]).toMatchObject({ id, severity: 'error' });
    expect(run.durationMs).toBeLessThan(5000);
  });

  it('takes the password from a pipe, a file, and mints one from a secret', async () => {
    await using coturn = await startCoturn();
    const url = `turn:127.0.0.1:${coturn.port}`;
    expect((await runCli([url, '-u', 'user', '-p', '-'], { stdin: 'password\n' })).exitCode).toBe(0);
    await using rest = await startCoturn({ mode: 'use-auth-secret', secret: 'north' });
    const minted = await runCli([`turn:127.0.0.1:${rest.port}`], { env: { ICEPROBE_SECRET: 'north' } });
    expect(minted.exitCode).toBe(0);
    expect((await runCli([`turn:127.0.0.1:${rest.port}`], { env: { ICEPROBE_SECRET: 'south' } })).exitCode).toBe(1);
  });

  it('Ctrl-C and SIGTERM give allocations back, and still tell what was seen', async () => {
    await using coturn = await startCoturn();
    await using silent = await silentPort();
    for (const [signal, exitCode] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const urls = [`turn:127.0.0.1:${coturn.port}`, `stun:127.0.0.1:${silent.port}`];
      const run = await runCli([...urls, '-f', 'ndjson', '--timeout', '60'], {
        env: LOGIN,
        interrupt: { signal, when: ({ stdout }) => stdout.includes('"type":"relay"') },
      });
      expect(run.exitCode).toBe(exitCode);
      expect(run.stdout.trimEnd().split('\n').at(-1)).toContain('"type":"run-finished"');
      // Long before its deadline, and long enough for a busy machine.
      expect(run.durationMs).toBeLessThan(25_000);
      await coturn.waitForRelease();
    }
  });

  it('shows no credential in any output', async () => {
    await using coturn = await startCoturn({ users: { user: 'Tr0ub4dor-and-3' } });
    const env = { ...LOGIN, ICEPROBE_CREDENTIAL: 'Tr0ub4dor-and-3' };
    const outputs = [];
    for (const format of ['pretty', 'json', 'ndjson']) {
      for (const extra of [[], ['--redact']]) {
        const run = await runCli([...urlsOf(coturn), '-f', format, ...extra], { env });
        expect(run.exitCode).toBe(0);
        outputs.push(run.stdout + run.stderr);
        if (extra.length > 0) expect(run.stdout).not.toMatch(/\buser\b(?! names)(?!-)/);
      }
    }
    const json = await runCli([...urlsOf(coturn), '-f', 'json', '--events'], { env });
    outputs.push(json.stdout);
    for (const output of outputs) expect(output).not.toContain('Tr0ub4dor');
  });

  it('writes several reports at once', async () => {
    await using coturn = await startCoturn();
    const [text, json, events] = ['a.txt', 'a.json', 'a.ndjson'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const run = await runCli(
      [...urlsOf(coturn), '-o', text, '--report', `json=${json}`, '--report', `ndjson=${events}`],
      { env: LOGIN },
    );
    expect(run).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    expect(readFileSync(text, 'utf8')).toContain(report.gatherings?.[0]?.candidates[0]?.address);
    expect(readFileSync(events, 'utf8').trimEnd().split('\n').length).toBeGreaterThan(20);
    // A replay of the events is the report of the run, but for what only the end of a run knows.
    const replayed = await runCli(['replay', events, '-f', 'json']);
    expect(JSON.parse(replayed.stdout)).toEqual(report);
  });
});

describeNeeding('coturn', 'tshark')('--pcap', () => {
  it.each([
    ['', [], 'unchecked', /^$/],
    [', with integrity where asked', ['--pcap-integrity'], 'valid', /^hint: .* holds login attempts: .*\n$/],
  ])(
    'makes a capture that tshark reads: every message well-formed, every sum right%s',
    async (_, more, verdict, said) => {
      await using coturn = await startCoturn();
      const path = join(folder, 'run.pcapng');
      const run = await runCli([...urlsOf(coturn), '--pcap', path, ...more], { env: LOGIN });
      expect(run.exitCode).toBe(0);
      expect(run.stderr).toMatch(said);
      const { stdout } = await promisify(execFile)(pathOf('tshark'), [
        ...[
          '-r',
          path,
          '-o',
          'ip.check_checksum:TRUE',
          '-o',
          'udp.check_checksum:TRUE',
          '-o',
          'tcp.check_checksum:TRUE',
        ],
        ...['-d', `udp.port==${coturn.port},stun`, '-d', `tcp.port==${coturn.port},stun`],
        ...[
          '-T',
          'fields',
          '-e',
          'stun.type',
          '-e',
          'ip.checksum.status',
          '-e',
          'udp.checksum.status',
          '-e',
          'tcp.checksum.status',
        ],
        ...['-e', '_ws.malformed', '-e', 'tcp.analysis.flags'],
      ]);
      const rows = stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'));
      for (const [, ip, udp = '', tcp = '', malformed = '', analysis = ''] of rows) {
        expect({ ip, sum: udp || tcp, malformed, analysis }).toEqual({
          ip: '1',
          sum: '1',
          malformed: '',
          analysis: '',
        });
      }
      const decoded = await runCli(['decode', path, '-u', 'user', '-f', 'json'], { env: LOGIN });
      expect(decoded.exitCode).toBe(0);
      const { packets } = JSON.parse(decoded.stdout) as {
        packets: { message?: { integrity?: { verdict: string } } }[];
      };
      expect(packets.length).toBe(rows.filter(([type]) => type !== '').length);
      const verdicts = packets.flatMap(({ message }) => message?.integrity?.verdict ?? []);
      expect(verdicts.length).toBeGreaterThan(4);
      expect(new Set(verdicts)).toEqual(new Set([verdict]));
    },
  );
});

describe('the command by itself', () => {
  it('without a server uses its own, says what that is worth, and shows what to do next', async () => {
    const run = await runCli([]);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(
      /^No server given: using a private TURN server on this machine\.\nNo packet leaves it\. This does NOT test your network\.\n\n/,
    );
    for (const url of ['turn:127.0.0.1:', '?transport=tcp', 'turns:127.0.0.1:']) expect(run.stdout).toContain(url);
    expect(run.stdout).toMatch(/\nok {4}\d+ host, \d+ relay;? ?/);
    expect(run.stdout).toMatch(/\nNext\n {2}iceprobe .*turn:HOST -u USER -p -/);
    expect(run.stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it('says so on stderr beside what a program reads', async () => {
    const run = await runCli(['--local', '-f', 'json']);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain('This does NOT test your network.\n');
    expect((JSON.parse(run.stdout) as Report).verdict).toBe('ok');
  });

  it.each([
    ['in a pipe', {}, false],
    ['with FORCE_COLOR', { FORCE_COLOR: '1' }, true],
    ['with FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
    ['with both, FORCE_COLOR goes before', { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('%s: colours are right', async (_where, env, colored) => {
    const run = await runCli(['explain', 'auth.bad-credentials'], { env });
    expect(run.exitCode).toBe(0);
    expect(run.stdout.includes('\u001b[')).toBe(colored);
  });

  it('a reader that leaves is no fault, and changes no verdict', async () => {
    await using silent = await silentPort();
    const script = `"$0" "$1" stun:127.0.0.1:${silent.port} --timeout 1 | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script, process.execPath, BIN]);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('3');
    expect(stderr).toBe('');
    const help = await promisify(execFile)('bash', [
      '-c',
      '"$0" "$1" --help | head -1; echo "$PIPESTATUS"',
      process.execPath,
      BIN,
    ]);
    expect(help.stdout.trimEnd().split('\n').at(-1)).toBe('0');
  });

  it.runIf(existsSync('/dev/full')).each([
    ['stdout', 'lint stun:a.example > /dev/full'],
    ['a file', 'lint stun:a.example -o /dev/full'],
    ['one report of two', 'lint stun:a.example --report json=/dev/full'],
  ])('a full disk (%s) is said, and loses no report', async (_what, args) => {
    const run = await shell(`"$0" "$1" ${args}`);
    expect(run.code).toBe(2);
    const path =
      /^iceprobe: cannot write the report to (?:stdout|\/dev\/full): the disk is full\n {2}It is kept in (\S+)\n$/.exec(
        run.stderr,
      )?.[1] ?? '';
    expect(readFileSync(path, 'utf8')).toMatch(/^ok {4}Nothing wrong|"verdict": "ok"/);
    rmSync(path);
  });
});

const BIN = fileURLToPath(new URL('../../bin/iceprobe.js', import.meta.url));

function shell(script: string, options: CliOptions = {}): Promise<{ code: number; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...options.env };
    execFile('bash', ['-c', script, process.execPath, BIN], { env }, (error, _stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stderr });
    });
  });
}
