import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeNeeding, pathOf } from '../support/needs.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** A project of somebody else's: iceprobe is installed in it, and what it tests with. */
let project = '';

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'iceprobe-example-'));
  const modules = join(project, 'node_modules');
  mkdirSync(modules);
  symlinkSync(root, join(modules, 'iceprobe'));
  symlinkSync(join(root, 'node_modules/vitest'), join(modules, 'vitest'));
  symlinkSync(join(root, 'node_modules/playwright-core'), join(modules, 'playwright'));
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  copyFileSync(join(root, 'docs/examples/turn-server.vitest.js'), join(project, 'turn-server.test.js'));
  copyFileSync(join(root, 'docs/examples/turn-server.playwright.js'), join(project, 'playwright.js'));
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the example with vitest', () => {
  it('passes', async () => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const env = {
      ...process.env,
      NO_COLOR: '1',
      VITEST: undefined,
      VITEST_WORKER_ID: undefined,
      VITEST_POOL_ID: undefined,
    };
    const { stdout } = await run(process.execPath, [vitest, 'run', '--root', project], { cwd: project, env });
    expect(stdout).toMatch(/Tests {2}3 passed \(3\)/);
  });
});

describeNeeding('chromium')('the example with Playwright', () => {
  it('carries a message', async () => {
    const env = { ...process.env, CHROMIUM: pathOf('chromium') };
    const { stdout } = await run(process.execPath, ['playwright.js'], { cwd: project, env, timeout: 50_000 });
    expect(stdout).toMatch(/^hello, through \d+ allocations, the first over (udp|tcp|tls)\n$/);
  });
});
