import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { runInFakeWorld } from '../../support/context.ts';
import { describeNeeding, pathOf } from '../../support/needs.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iceprobe-shells-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function scriptFor(shell: string): Promise<string> {
  const { stdout } = await runInFakeWorld(['completion', shell]);
  const path = join(folder, `iceprobe.${shell}`);
  writeFileSync(path, stdout);
  return path;
}

describeNeeding('fish')('completion in fish', () => {
  /** What fish offers for a command line that is being typed. */
  async function complete(line: string): Promise<string[]> {
    const script = `source ${await scriptFor('fish')}; complete -C ${JSON.stringify(line)}`;
    const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
    const out = execFileSync(pathOf('fish'), ['--no-config', '-c', script], { encoding: 'utf8', cwd: folder, env });
    return out.split('\n').flatMap((each) => (each === '' ? [] : [each.split('\t')[0] ?? '']));
  }

  test('offers every command first, and none after one', async () => {
    expect(await complete('iceprobe ')).toEqual(expect.arrayContaining(Object.keys(COMMANDS)));
    expect(await complete('iceprobe li')).toEqual(['lint']);
    expect(await complete('iceprobe lint do')).not.toContain('doctor');
  });

  test('offers the options of the command, and their values', async () => {
    expect(await complete('iceprobe --pol')).toEqual(['--policy']);
    expect(await complete('iceprobe check --max-l')).toEqual(['--max-loss']);
    expect(await complete('iceprobe lint --max-l')).toEqual([]);
    expect(await complete('iceprobe check --policy ')).toEqual(['all', 'relay']);
    expect(await complete('iceprobe check -f ju')).toContain('junit');
  });
});

describeNeeding('zsh')('completion in zsh', () => {
  /** What zsh offers: it shows that to a terminal alone, so it is given one by its own module, and asked to list. */
  async function complete(line: string): Promise<string> {
    const script = await scriptFor('zsh');
    const driver = join(folder, 'driver.zsh');
    writeFileSync(
      driver,
      `zmodload zsh/zpty
zpty shell ${pathOf('zsh')} -f -i
zpty -w shell "PS1='pro''mpt>'; autoload -Uz compinit; compinit -D -u; source ${script}; LISTMAX=0; bindkey '^I' list-choices; print rea''dy"
zpty -r shell before '*ready*prompt>*\\[?2004h*'
zpty -w -n shell ${JSON.stringify(line)}$'\\t\\C-u'"print do''ne"$'\\n'
zpty -r shell seen '*done*'
zpty -d shell
print -r -- $seen
`,
    );
    const env = { ...process.env, HOME: folder, TERM: 'dumb', COLUMNS: '100', LINES: '200' };
    return execFileSync(pathOf('zsh'), ['-f', driver], { encoding: 'utf8', cwd: folder, env, timeout: 40_000 });
  }

  test('offers commands, options and values, with a word on each', async () => {
    const first = await complete('iceprobe ');
    for (const name of Object.keys(COMMANDS)) expect(first).toMatch(new RegExp(`(^|\\s)${name}\\b`, 'm'));
    expect(await complete('iceprobe check --max-l')).toMatch(/--max-loss +-- packets lost/);
    expect(await complete('iceprobe lint --max-l')).not.toMatch(/--max-loss +--/);
    expect(await complete('iceprobe check --policy ')).toMatch(/all\s+relay/);
  });
});

const PAGE = fileURLToPath(new URL('../../../dist/iceprobe.1.gz', import.meta.url));

describeNeeding('mandoc')('the manual page', () => {
  const page = gunzipSync(readFileSync(PAGE));

  test('is taken by a strict reader without a word', () => {
    const out = execFileSync(pathOf('mandoc'), ['-T', 'lint', '-W', 'warning'], { input: page, encoding: 'utf8' });
    expect(out).toBe('');
  });

  test('tells of every command and every option, as they are typed', async () => {
    // Bold is a letter typed over itself.
    const typed = execFileSync(pathOf('mandoc'), ['-T', 'utf8'], { input: page, encoding: 'utf8' });
    const shown = typed.replace(new RegExp(`.${String.fromCharCode(8)}`, 'g'), '');
    const words = new Set(shown.split(/[\s,[\]]+/));
    for (const [name, { load }] of Object.entries(COMMANDS)) {
      expect(shown).toContain(`iceprobe ${name}`);
      const { command } = await load();
      for (const option of Object.keys(command.options))
        expect(words, `--${option} of ${name}`).toContain(`--${option}`);
    }
    expect(page.toString()).toMatch(/^\.TH ICEPROBE 1 \d{4}-\d{2}-\d{2} "iceprobe /);
  });
});
