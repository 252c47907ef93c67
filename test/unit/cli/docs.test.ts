import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chooseCommand } from '../../../src/cli/choose-command.ts';
import { COMMANDS, DEFAULT_COMMAND } from '../../../src/cli/commands.ts';
import { parseArguments } from '../../../src/cli/options/parse.ts';

const root = new URL('../../../', import.meta.url);
const pages = [
  'README.md',
  ...readdirSync(new URL('docs/', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

interface Line {
  readonly page: string;
  readonly line: string;
}

/** The command lines of code blocks, and of `...` in prose and tables, from `iceprobe` on. */
function commandLines(page: string): Line[] {
  const text = readFileSync(new URL(page, root), 'utf8');
  const blocks = [...text.matchAll(/^```(?:sh|console)\n(.*?)^```/gms)].flatMap((match) =>
    (match[1] ?? '').split('\n'),
  );
  const inline = [...text.replace(/^```.*?^```/gms, '').matchAll(/`((?:npx )?iceprobe [^`]*)`/g)].map(
    (match) => match[1] ?? '',
  );
  return [...blocks, ...inline]
    .flatMap((line) => /(?:^|\| |^\$ |npx )(iceprobe( .*)?)$/.exec(line.replace(/ +#.*/, '').trim())?.[1] ?? [])
    .map((line) => ({ page, line }));
}

/** As a shell would split it, as far as these examples go. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .slice(1);
}

describe('the documentation', () => {
  const lines = pages.flatMap(commandLines).filter(({ line }) => !/\[|\.\.\.|FORMAT=|\bCOMMAND\b/.test(line));

  it('has examples', () => {
    expect(lines.length).toBeGreaterThan(20);
  });

  it.each(lines)('$page: $line', async ({ line }) => {
    const chosen = chooseCommand(words(line), Object.keys(COMMANDS));
    const command = await COMMANDS[chosen.name ?? DEFAULT_COMMAND]?.load();
    expect(command).toBeDefined();
    // What every command knows, and no option table has.
    const args = chosen.args.filter((word) => word !== '--help' && word !== '--version');
    const { positionals } = parseArguments(args, command?.command.options ?? {});
    // A word that names no command would be taken for a URL.
    if (chosen.name === undefined) expect(positionals.filter((word) => !word.includes(':'))).toEqual([]);
  });

  it.each(pages)('%s: links lead somewhere', (page) => {
    const text = readFileSync(new URL(page, root), 'utf8');
    const targets = [...text.matchAll(/\]\(((?!https?:)[^)#]+)/g)].map((match) => match[1] ?? '');
    for (const target of targets) expect(() => readFileSync(new URL(target, new URL(page, root)))).not.toThrow();
  });

  it('names every command in the README', () => {
    const readme = readFileSync(new URL('README.md', root), 'utf8');
    for (const name of Object.keys(COMMANDS)) expect(readme).toMatch(new RegExp(`^\\| \`iceprobe \\[?${name}\\b`, 'm'));
  });
});
