import { execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { gather, startTurnServer } from '../../src/index.ts';
import { runCli } from '../support/cli.ts';
import { startCoturn } from '../support/coturn.ts';
import { describeNeeding } from '../support/needs.ts';
import { TurnSocketClient } from '../support/turn-socket-client.ts';

// What happens around a tool that people run when things are broken: it ends as promised, leaves nothing behind, and its
// exit codes stay those of docs and README.

const BIN = fileURLToPath(new URL('../../bin/iceprobe.js', import.meta.url));
const LOGIN = { ICEPROBE_USERNAME: 'user', ICEPROBE_CREDENTIAL: 'password' };
const folder = mkdtempSync(join(tmpdir(), 'iceprobe-steady-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeNeeding('coturn')('a run that is interrupted', () => {
  const stages: readonly (readonly [string, string])[] = [
    ['at its very beginning', '"type":"run-started"'],
    ['while it gathers', '"state":"gathering"'],
    ['with the first packet under way', '"type":"stun-sent"'],
    ['with an allocation', '"type":"allocation"'],
    ['with a candidate', '"type":"candidate"'],
    ['while it probes', '"stage":"challenge"'],
    ['with a permission', '"type":"permission"'],
    ['while data crosses the relay', '"type":"relay-data"'],
    ['with a channel', '"type":"channel"'],
  ];

  it.each(stages)('%s gives back what it has, tells what it saw, and ends as the signal says', async (_when, text) => {
    await using coturn = await startCoturn();
    const url = `turn:127.0.0.1:${coturn.port}`;
    for (const [signal, exitCode] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const run = await runCli(['doctor', url, `${url}?transport=tcp`, '-f', 'ndjson'], {
        env: LOGIN,
        interrupt: { signal, when: ({ stdout }) => stdout.includes(text) },
      });
      expect(run.stdout).toContain(text);
      expect({ exitCode: run.exitCode, stderr: run.stderr }).toEqual({ exitCode, stderr: '' });
      expect(run.stdout.trimEnd().split('\n').at(-1)).toContain('"type":"run-finished"');
      if (coturn.allocations().length > 0) await coturn.waitForRelease();
    }
  });

  it('by SIGKILL leaves events that replay reads, and no process', async () => {
    await using coturn = await startCoturn();
    const path = join(folder, 'killed.ndjson');
    const url = `turn:127.0.0.1:${coturn.port}`;
    const child = spawn(process.execPath, [BIN, 'doctor', url, '-f', 'ndjson', '-o', path], {
      env: { ...process.env, ...LOGIN },
      stdio: 'ignore',
    });
    const gone = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    await expect
      .poll(() => existsSync(path) && readFileSync(path, 'utf8').includes('"type":"permission"'), { timeout: 20_000 })
      .toBe(true);
    child.kill('SIGKILL');
    expect(await gone).toBe('SIGKILL');
    const replayed = await runCli(['replay', path, '-f', 'json']);
    expect(replayed.stderr).toContain('the run was cut off before its end');
    expect(JSON.parse(replayed.stdout)).toMatchObject({ command: 'doctor', gatherings: [{ vantage: 'terminal' }] });
  });
});

describeNeeding('chromium')('a run that drives a browser', () => {
  it('takes it along when it is killed outright, its profile too', async () => {
    // A short path: Chromium has a socket below it.
    const profiles = mkdtempSync(join(tmpdir(), 'i-'));
    const child = spawn(process.execPath, [BIN, '--local', '--vantage', 'browser', '-f', 'ndjson'], {
      env: { ...process.env, TMPDIR: profiles },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const isOpen = (): boolean => readdirSync(profiles).some((name) => readdirSync(join(profiles, name)).length > 2);
    await expect.poll(isOpen, { timeout: 20_000 }).toBe(true);
    expect(browsersIn(profiles).length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await expect.poll(() => browsersIn(profiles), { timeout: 20_000 }).toEqual([]);
    await expect.poll(() => readdirSync(profiles), { timeout: 20_000 }).toEqual([]);
    rmSync(profiles, { recursive: true });
  });
});

/** Processes with a profile there, as Linux lists them. */
function browsersIn(profiles: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const arguments_ = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return arguments_.includes(`--user-data-dir=${profiles}`);
      } catch {
        return false;
      }
    });
}

describe('outputs that fail', () => {
  it.each([
    ['a reader of JSON', 'lint stun:a.example -f json | head -c 1', 0],
    ['a reader of events', 'lint stun:a.example -f ndjson | head -n 1', 0],
    ['a reader of the help', 'lint --help | head -n 1', 0],
    ['a reader of packets', 'decode 000100002112a442b7e7a701bc34d686fa87dfae | true', 0],
    ['nobody on either side', 'lint stun:a.example >&- 2>&-', 0],
    ['no stdin', 'lint -c - <&-', 2],
  ])('%s: no fault, and the exit code stays', async (_who, command, exitCode) => {
    const { code, stderr } = await shell(`"$0" "$1" ${command}; exit "\${PIPESTATUS[0]}"`);
    expect(code).toBe(exitCode);
    expect(stderr).not.toContain('a fault of iceprobe itself');
  });

  it('a local server whose reader has left goes on serving, and ends when told', async () => {
    const script = `"$0" "$1" turn-server --port 0 --tls-port 0 -- sh -c 'sleep 0.3; exit 7' | head -c 1 > /dev/null; exit "\${PIPESTATUS[0]}"`;
    expect(await shell(script)).toMatchObject({ code: 7 });
  });
});

describeNeeding('namespaces')('a disk that fills up in the middle', () => {
  it.each([
    ['of the events', '-f ndjson -o DISK/out'],
    ['of a second report', '--report json=DISK/out'],
    ['of the packets', '--pcap DISK/out'],
  ])('%s is said, and ends with 2', async (_what, options) => {
    const disk = join(folder, 'disk');
    mkdirSync(disk, { recursive: true });
    // 4 KB, of which most is taken.
    const script = [
      `mount -t tmpfs -o size=4k,nr_inodes=3 none ${disk}`,
      `"$0" "$1" --local ${options.replace('DISK', disk)} > ${folder}/told`,
    ].join('\n');
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    const run = await execute('unshare', [...user, '--mount', 'bash', '-c', script, process.execPath, BIN]);
    expect({ code: run.code, stderr: run.stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^iceprobe: cannot write .*: the disk is full$/m),
    });
    const kept = /kept in (\S+)/.exec(run.stderr)?.[1];
    if (kept !== undefined) rmSync(kept);
  });
});

describe('files that cannot be read', () => {
  const missing = join(folder, 'missing.pem');
  const text = join(folder, 'text.pem');
  writeFileSync(text, 'no certificate');
  const login = ['-u', 'user', '--credential-file', text];
  const serve = ['turn-server', '--port', '0', '--tls-port', '0'];

  it.each([
    ['a certificate that is not there', [...serve, '--cert', missing, '--key', missing], /--cert .*no such file/],
    ['a folder in its place', [...serve, '--cert', folder, '--key', folder], /--cert .*this is a directory/],
    ['something else', [...serve, '--cert', text, '--key', text], /tls: the certificate is not in PEM form/],
    ['an authority that is not there', ['doctor', 'turns:127.0.0.1', ...login, '--ca', missing], /--ca .*no such file/],
    ['an authority that is none', ['doctor', 'turns:127.0.0.1', ...login, '--ca', text], /--ca/],
    ['a password file that is not there', ['turn:127.0.0.1', '-u', 'a', '--credential-file', missing], /no such file/],
  ])('%s: a usage error that names it, before anything is sent', async (_what, args, words) => {
    const run = await runCli(args, { timeoutMs: 20_000 });
    expect({ exitCode: run.exitCode, stdout: run.stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(words);
    expect(run.stderr).toMatch(/^iceprobe: /);
  });

  it.runIf(process.getuid?.() !== 0 || existsSync('/usr/bin/setpriv'))('one that belongs to others', async () => {
    const path = join(folder, 'theirs.pem');
    writeFileSync(path, 'x');
    chmodSync(path, 0);
    // Root may read everything, unless it gives that up.
    const without = [
      'setpriv',
      '--bounding-set',
      '-dac_override,-dac_read_search',
      '--inh-caps',
      '-dac_override,-dac_read_search',
    ];
    // The user stays: a clone may lie where nobody else gets in.
    const under = process.getuid?.() === 0 ? without : [];
    const run = await runCli([...serve, '--cert', path, '--key', path], { under });
    expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/--cert .*no permission/) });
  });
});

describe('a clock that jumps', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['a day ahead', 86_400_000],
    ['a day back', -86_400_000],
  ])('%s in the middle moves no deadline, ends no allocation, and refuses no nonce', async (_where, jump) => {
    await using server = await startTurnServer({ transports: ['udp'] });
    await using client = await TurnSocketClient.open(server);
    await client.allocate();
    const run = gather({
      iceServers: server.iceServers.map((each) => ({ ...each, urls: [...each.urls] })),
      timeoutMs: 20_000,
    });
    for await (const event of run) {
      if (event.type !== 'gathering-state' || event.state !== 'gathering') continue;
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + jump });
    }
    const report = await run.report;
    expect(report.verdict).toBe('ok');
    expect(report.durationMs).toBeGreaterThan(0);
    expect(report.durationMs).toBeLessThan(20_000);
    expect(report.gatherings?.[0]?.candidates.some(({ type }) => type === 'relay')).toBe(true);
    // The other client is still known, with the nonce that it had.
    expect(await client.refresh()).toBe(600);
    expect(server.allocations.length).toBeGreaterThanOrEqual(1);
  });
});

function shell(script: string): Promise<{ code: number | null; stderr: string }> {
  return execute('bash', ['-c', script, process.execPath, BIN]);
}

function execute(command: string, args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { timeout: 50_000 }, (_error, _stdout, stderr) => {
      resolve({ code: child.exitCode, stderr });
    });
  });
}
