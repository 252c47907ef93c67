import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('iceprobe --version', () => {
  it('prints the version of the package', async () => {
    expect(await runCli(['--version'])).toMatchObject({
      exitCode: 0,
      signal: null,
      stdout: `${version}\n`,
      stderr: '',
    });
  });

  it('costs at most 1.6 times what Node costs by itself', () => {
    const bin = new URL('../../bin/iceprobe.js', import.meta.url).pathname;
    // The fastest of several, in turns: what else the machine does only ever adds.
    const bare: number[] = [];
    const ours: number[] = [];
    for (let round = 0; round < 15; round++) {
      bare.push(timeOf(['-e', '0']));
      ours.push(timeOf([bin, '--version']));
    }
    expect(Math.min(...ours) / Math.min(...bare)).toBeLessThanOrEqual(1.6);
  });

  function timeOf(args: string[]): number {
    const startedAt = performance.now();
    expect(spawnSync(process.execPath, args).status).toBe(0);
    return performance.now() - startedAt;
  }
});
