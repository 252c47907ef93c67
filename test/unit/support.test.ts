import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { parseAllocations } from '../support/coturn.ts';
import { startProcess } from '../support/processes.ts';

describe.skipIf(process.platform === 'win32')('a process started by a test', () => {
  it('is waited for by what it prints', async () => {
    await using child = startProcess('sh', ['-c', 'echo one; echo two >&2; exec sleep 60']);
    await child.waitForOutput((output) => output.includes('one\n') && output.includes('two\n'), 5000, 'both lines');
    expect(child.exit()).toBeUndefined();
    await child.stop();
    expect(child.exit()).toEqual({ status: null, signal: 'SIGTERM' });
  });

  it('is not waited for once it has ended', async () => {
    await using child = startProcess('sh', ['-c', 'echo nothing of use; exit 3']);
    await expect(child.waitForOutput(() => false, 60_000, 'more')).rejects.toThrow(
      'ended before more:\nnothing of use',
    );
    expect(child.exit()).toEqual({ status: 3, signal: null });
  });

  it('that cannot be started says so', async () => {
    await using child = startProcess('/nonexistent/command', []);
    await expect(child.waitForOutput(() => false, 60_000, 'anything')).rejects.toThrow(/ended before anything/);
  });
});

describe.skipIf(process.platform !== 'linux')('a process started by a test that is killed', () => {
  it('is gone with it', async () => {
    const path = fileURLToPath(new URL('../support/processes.ts', import.meta.url));
    const [built] = buildSync({
      entryPoints: [path],
      bundle: true,
      platform: 'node',
      format: 'esm',
      write: false,
    }).outputFiles;
    const script = `${built?.text ?? ''}
      const child = startProcess('sleep', ['60']);
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.log(child.pid);
      process.kill(process.pid, 'SIGKILL');`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const pid = Number(run.stdout);
    expect(run.signal).toBe('SIGKILL');
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
  });

  function isRunning(pid: number): boolean {
    const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
    return state !== '' && !state.startsWith('Z');
  }
});

describe("coturn's log", () => {
  // As coturn 4.6.1 writes it.
  const log = `
0: : session 001000000000000001: realm <example.org> user <>: incoming packet message processed, error 401: Unauthorized
0: : session 001000000000000001: new, realm=<example.org>, username=<me>, lifetime=777
0: : session 001000000000000001: realm <example.org> user <me>: incoming packet ALLOCATE processed, success
0: : session 001000000000000001: refreshed, realm=<example.org>, username=<me>, lifetime=777
0: : session 000000000000000001: new, realm=<example.org>, username=<1700000000:you>, lifetime=600
0: : session 000000000000000002: new, realm=<example.org>, username=<>, lifetime=600
6: : session 001000000000000001: refreshed, realm=<example.org>, username=<me>, lifetime=0
7: : session 001000000000000001: usage: realm=<example.org>, username=<me>, rp=10, rb=1032, sp=10, sb=916
7: : session 001000000000000001: closed (2nd stage), user <me> realm <example.org> origin <>, local 127.0.0.1:23478, remote 127.0.0.1:38723, reason: allocation timeout
7: : session 001000000000000001: delete: realm=<example.org>, username=<me>
7: : session 001000000000000001: peer 127.0.0.1:30096 deleted
8: : session 000000000000000001: delete: realm=<example.org>, username=<1700000000:you>
`;

  it('tells what became of each allocation', () => {
    const realm = 'example.org';
    expect(parseAllocations(log)).toEqual([
      { session: '001000000000000001', username: 'me', realm, lifetime: 777, released: true, deleted: true },
      {
        session: '000000000000000001',
        username: '1700000000:you',
        realm,
        lifetime: 600,
        released: false,
        deleted: true,
      },
      { session: '000000000000000002', username: '', realm, lifetime: 600, released: false, deleted: false },
    ]);
  });
});
