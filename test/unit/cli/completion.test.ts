import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { runInFakeWorld } from '../../support/context.ts';

const { stdout: script } = await runInFakeWorld(['completion', 'bash']);

/** What bash offers for a line whose last word is being typed. */
function complete(...words: readonly string[]): string[] {
  const run = `${script}
COMP_WORDS=(iceprobe "$@") COMP_CWORD=$#
_iceprobe
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-c', run, 'bash', ...words], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  return out.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  it('offers every command first', () => {
    expect(complete('')).toEqual(expect.arrayContaining(Object.keys(COMMANDS)));
    expect(complete('li')).toEqual(['lint']);
    expect(complete('lint', 'de')).toEqual([]);
  });

  it('offers the options of the command, and those of the default one', () => {
    expect(complete('--pol')).toEqual(['--policy']);
    expect(complete('lint', '--cre')).toEqual(['--credential', '--credential-file']);
    expect(complete('lint', '--pca')).toEqual([]);
    expect(complete('decode', '-f', 'json', '--rea')).toEqual(['--realm']);
  });

  it('offers the values of an option', () => {
    expect(complete('--policy', '')).toEqual(['all', 'relay']);
    expect(complete('lint', '-f', 'j')).toEqual(['json', 'junit']);
    expect(complete('lint', '-c', 'completion')).toEqual(['completion.test.ts']);
    expect(complete('lint', '-u', '')).toEqual([]);
  });
});

describe('iceprobe completion', () => {
  it('takes the shell from the environment', async () => {
    expect((await runInFakeWorld(['completion'], { env: { SHELL: '/usr/bin/bash' } })).stdout).toBe(script);
    const { stdout } = await runInFakeWorld(['completion'], { env: { SHELL: '/bin/zsh' } });
    expect(stdout).toMatch(/^#compdef iceprobe\n/);
    for (const name of Object.keys(COMMANDS)) expect(stdout).toContain(`\n    ${name}) options+=(`);
  });

  it.each([[['tcsh']], [['bash', 'zsh']], [[]]])('refuses %j', async (args) => {
    expect(await runInFakeWorld(['completion', ...args])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
