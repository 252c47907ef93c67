import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

const folder = mkdtempSync(join(tmpdir(), 'iceprobe-start-up-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// How long it takes is measured by `npm run bench -- start-up`: here is what it takes, which is the same on every machine.
describe('iceprobe --version', () => {
  it('prints the version of the package', async () => {
    expect(await runCli(['--version'])).toMatchObject({
      exitCode: 0,
      signal: null,
      stdout: `${version}\n`,
      stderr: '',
    });
  });

  it('loads no more of Node than a program of one line, and next to nothing of ours', () => {
    const line = join(folder, 'line.mjs');
    // The command has a watchdog: that costs everybody the same.
    writeFileSync(line, "process.stdout.write('0.1.0\\n');\nsetInterval(() => {}, 500).unref();\nawait 0;\n");
    const bare = modulesOf(line);
    const ours = modulesOf(join(root, 'bin/iceprobe.js'), '--version');
    // `node:module` is for `require` in what is bundled; Node has it loaded anyway but where it says so itself.
    const own = ours.filter((url) => /^node:(?!internal\/|module$)/.test(url));
    expect(own.filter((url) => !bare.includes(url))).toEqual([]);
    expect(own).toContain('node:fs');
    const files = ours.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
    expect(files.filter((path) => !path.startsWith(root) || path.includes('node_modules'))).toEqual([]);
    expect(files.length).toBeLessThanOrEqual(4);
    expect(files.reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(8000);
  });

  /** URLs of everything that Node compiled, by what it writes for coverage. */
  function modulesOf(...args: string[]): string[] {
    const coverage = mkdtempSync(join(folder, 'coverage-'));
    execFileSync(process.execPath, args, { env: { PATH: process.env['PATH'], NODE_V8_COVERAGE: coverage } });
    const [report = ''] = readdirSync(coverage);
    const { result } = JSON.parse(readFileSync(join(coverage, report), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url);
  }
});
