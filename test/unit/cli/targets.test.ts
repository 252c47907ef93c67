import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/cli/errors.ts';
import { loadTargets } from '../../../src/cli/targets/load.ts';
import { fakeContext, runInFakeWorld } from '../../support/context.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iceprobe-targets-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TWO = `{
  "$schema": "./node_modules/iceprobe/dist/config.schema.json",
  // Comments and a last comma are borne with.
  "targets": {
    "prod": {
      "iceServers": [{ "urls": "turn:turn.example.org", "username": "alice", "credential": { "env": "WORD" } }],
    },
    "stun-only": { "iceServers": [{ "urls": ["stun:stun.example.org"] }], "interval": 30 },
  },
}
`;

async function load(text: string, names: readonly string[] = [], env: Record<string, string> = {}) {
  const file = join(folder, 'iceprobe.config.json');
  writeFileSync(file, text);
  return await loadTargets(file, names, fakeContext({ env }).context);
}

/** What is said of a file that cannot be used: message and hint, its folder left out. */
async function refusal(text: string, names: readonly string[] = [], env: Record<string, string> = {}): Promise<string> {
  try {
    await load(text, names, env);
  } catch (error) {
    if (error instanceof UsageError) return `${error.message} (${error.hint})`.replaceAll(`${folder}/`, '');
    throw error;
  }
  return 'it was taken';
}

describe('a file of targets', () => {
  test('is no RTCConfiguration: who takes servers would test the first target alone', async () => {
    const file = join(folder, 'iceprobe.config.json');
    writeFileSync(file, TWO);
    for (const command of ['lint', 'probe', 'gather']) {
      const { exitCode, stderr } = await runInFakeWorld([command, '-c', file]);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining('holds targets, and this command takes servers')]);
    }
  });

  test('gives all of them in its order, or those that were named', async () => {
    const { targets, concurrency } = await load(TWO, [], { WORD: 's3cret' });
    expect(targets.map(({ name }) => name)).toEqual(['prod', 'stun-only']);
    expect(concurrency).toBeUndefined();
    // What the others refer to need not be there.
    const one = await load(TWO, ['stun-only']);
    expect(one.targets.map(({ name, schedule }) => [name, schedule.intervalMs])).toEqual([['stun-only', 30_000]]);
  });

  test('takes a schedule from the command line for those that have none', async () => {
    const file = join(folder, 'iceprobe.config.json');
    writeFileSync(file, TWO.replace('"targets"', '"concurrency": 7, "targets"'));
    const { context } = fakeContext({ env: { WORD: 's3cret' } });
    const { targets, concurrency } = await loadTargets(file, [], context, {}, { interval: 0, jitter: 2 });
    expect(targets.map(({ schedule }) => schedule)).toEqual([
      { intervalMs: 0, jitterMs: 2000 },
      { intervalMs: 30_000, jitterMs: 2000 },
    ]);
    expect(concurrency).toBe(7);
  });

  test('a target that it has not is refused, with the ones that it has', async () => {
    expect(await refusal(TWO, ['prd'])).toBe('iceprobe.config.json has no target "prd" (did you mean prod?)');
    expect(await refusal(TWO, ['nothing-like-it'])).toBe(
      'iceprobe.config.json has no target "nothing-like-it" (there are prod, stun-only)',
    );
  });

  test.each([
    ['{ "targets": ', /^iceprobe\.config\.json:1:14: the end of the text where a value should be/],
    ['{}', /^iceprobe\.config\.json:1:1: "targets" is missing/],
    [
      TWO.replace('"interval"', '"intervall"'),
      'iceprobe.config.json:8:75: targets["stun-only"].intervall: unknown key (did you mean "interval"?)',
    ],
    [
      TWO.replace('30', '0'),
      'iceprobe.config.json:8:75: targets["stun-only"].interval: it is 0 (write a number from 1 to 86400)',
    ],
    [
      TWO,
      'iceprobe.config.json:6:78: targets.prod.iceServers[0].credential: the environment variable WORD is not set (set WORD)',
    ],
    [TWO.replace('stun-only', 'prod'), /^iceprobe\.config\.json:8:5: targets\.prod: the key stands there twice/],
    [TWO.replace('stun:stun', 'stun//stun'), /^iceprobe\.config\.json:8:\d+.*: not a server URL: /],
    [
      TWO.replace('"interval": 30', '"ca": "no-such.pem"'),
      /^iceprobe\.config\.json:8:75: targets\["stun-only"\]\.ca no-such\.pem: no such file/,
    ],
    [
      TWO.replace('"interval": 30', '"interface": "no-such0"'),
      /^this machine has no network interface "no-such0" that is up/,
    ],
  ])('what is wrong is told with its place: %#', async (text, expected) => {
    const told = await refusal(text, [], text === TWO ? {} : { WORD: 's3cret' });
    if (typeof expected === 'string') expect(told).toBe(expected);
    else expect(told).toMatch(expected);
    expect(told).not.toContain('s3cret');
  });
});
