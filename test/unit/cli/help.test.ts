import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { runInFakeWorld } from '../../support/context.ts';

const names = Object.keys(COMMANDS);

describe('--help', () => {
  it('lists the commands, and the options of the default one', async () => {
    const { exitCode, stdout, stderr } = await runInFakeWorld(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot('./help/iceprobe.txt');
  });

  it.each(names)('explains %s', async (name) => {
    const { exitCode, stdout, stderr } = await runInFakeWorld([name, '--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot(`./help/${name}.txt`);
    expect((await runInFakeWorld(['help', name])).stdout).toBe(stdout);
    expect((await runInFakeWorld([name, 'x', '-h'])).stdout).toBe(stdout);
  });

  it.each([['--help'], ...names.map((name) => [name, '--help'])])('fits 100 columns: %s %s', async (...argv) => {
    const { stdout } = await runInFakeWorld(argv.filter((arg) => arg !== undefined));
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it.each(names)('%s: no two options share a letter, none takes -h', async (name) => {
    const { command } = (await COMMANDS[name]?.load()) ?? {};
    const letters = Object.values(command?.options ?? {}).flatMap((option) => option.alias ?? []);
    expect(letters).not.toContain('h');
    expect(new Set(letters).size).toBe(letters.length);
  });

  it('prints the version', async () => {
    expect(await runInFakeWorld(['--version'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect(await runInFakeWorld(['credentials', '--version'])).toMatchObject({ exitCode: 0 });
  });
});
