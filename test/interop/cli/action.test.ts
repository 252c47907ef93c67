import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { XMLValidator } from 'fast-xml-parser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Coturn, startCoturn } from '../../support/coturn.ts';
import { describeNeeding } from '../../support/needs.ts';

const root = new URL('../../../', import.meta.url);
const BIN = fileURLToPath(new URL('bin/iceprobe.js', root));

describeNeeding('coturn')('the GitHub Action, its step run as the runner does', () => {
  let coturn: Coturn;
  beforeAll(async () => {
    coturn = await startCoturn();
  });
  afterAll(() => coturn.stop());

  /** What stands under `run: |` of the only step. */
  function script(): string {
    const lines = readFileSync(new URL('action.yml', root), 'utf8').split('\n');
    const at = lines.findIndex((line) => line.trim() === 'run: |');
    const body = lines.slice(at + 1);
    const end = body.findIndex((line) => line !== '' && !line.startsWith('        '));
    return body
      .slice(0, end < 0 ? undefined : end)
      .map((line) => line.slice(8))
      .join('\n');
  }

  /** `npx --yes iceprobe@VERSION ...` runs the built command. The inputs reach the script by the environment alone. */
  function runStep(inputs: Readonly<Record<string, string>>) {
    const folder = mkdtempSync(join(tmpdir(), 'iceprobe-action-'));
    writeFileSync(join(folder, 'npx'), `#!/bin/sh\nshift 2\nexec '${process.execPath}' '${BIN}' "$@"\n`, {
      mode: 0o755,
    });
    const given = { URLS: '', ARGS: '', USERNAME: '', CREDENTIAL: '', SECRET: '', VERSION: 'latest', ...inputs };
    const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [`INPUT_${name}`, value]));
    const junit = join(folder, 'junit.xml');
    const summary = join(folder, 'summary.md');
    // GitHub's own way to run `shell: bash`.
    const result = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script()], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env['PATH']}`, INPUT_JUNIT: junit, GITHUB_STEP_SUMMARY: summary, ...env },
    });
    const read = (path: string): string => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return '';
      }
    };
    return { ...result, junit: read(junit), summary: read(summary) };
  }

  test('passes, with a notice, a summary and a JUnit report', () => {
    const urls = `turn:127.0.0.1:${coturn.port}\nturn:127.0.0.1:${coturn.port}?transport=tcp\n`;
    const given = {
      URLS: urls,
      USERNAME: 'user',
      CREDENTIAL: 'password',
      ARGS: '--max-loss=50\n--expect=findings.count >= 0',
    };
    const run = runStep(given);
    expect(run.stderr).not.toContain('iceprobe:');
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/^::notice /m);
    expect(run.summary).toMatch(/^## OK/);
    expect(XMLValidator.validate(run.junit)).toBe(true);
  });

  test('fails with an annotation that names the cause', () => {
    const run = runStep({ URLS: `turn:127.0.0.1:${coturn.port}`, USERNAME: 'user', CREDENTIAL: 'not-that-one' });
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/^::error title=auth.bad-credentials/m);
    expect(run.summary).toMatch(/^## FAIL/);
    expect(run.stdout + run.stderr + run.summary + run.junit).not.toContain('not-that-one');
  });

  test('an input that nobody set is a mistake in the call, and no input is code', () => {
    expect(runStep({}).status).toBe(2);
    const run = runStep({ URLS: '$(touch pwned); `id` "; exit 0; "' });
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('$(touch pwned)');
  });
});
