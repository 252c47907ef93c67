import { describe, expect, it } from 'vitest';
import { FINDING_IDS } from '../../../src/diagnosis/catalogue.ts';
import { runInFakeWorld } from '../../support/context.ts';

describe('iceprobe explain', () => {
  it.each(FINDING_IDS)('%s', async (id) => {
    const { exitCode, stdout } = await runInFakeWorld(['explain', id]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ {2}Means {5}\S.*\n(?: {12}.*\n)* {2}Needs {5}\S.*\n(?: {12}.*\n)* {2}Fix {7}\S/m);
    expect(stdout).not.toMatch(/[[\]{}]|undefined/);
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it('lists every finding, and those of a family', async () => {
    const all = (await runInFakeWorld(['explain'])).stdout;
    expect(FINDING_IDS.filter((id) => !all.includes(`${id} `))).toEqual([]);
    expect(all).not.toMatch(/[[\]{}]/);
    const family = (await runInFakeWorld(['explain', 'auth'])).stdout.split('\n').filter((line) => /^\w/.test(line));
    expect(family.length).toBe(FINDING_IDS.filter((id) => id.startsWith('auth.')).length);
  });

  it('gives the same to scripts', async () => {
    const { stdout } = await runInFakeWorld(['explain', 'auth.bad-credentials', '-f', 'json']);
    expect(JSON.parse(stdout)).toMatchObject([
      { id: 'auth.bad-credentials', severity: 'error', needs: expect.any(String) },
    ]);
  });

  it('suggests what was meant', async () => {
    expect(await runInFakeWorld(['explain', 'bad-credentails'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'iceprobe: there is no finding "bad-credentails"\n' +
        '  did you mean auth.bad-credentials? iceprobe explain lists them all\n',
    });
  });
});
