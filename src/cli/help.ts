import type { Command } from './command.ts';
import { COMMANDS, DEFAULT_COMMAND } from './commands.ts';
import { GROUPS, type Option, type OptionTable } from './options/option.ts';

const MAX_WIDTH = 100;

/** `iceprobe --help`: the commands, then what the default command takes. */
export function programHelp(command: Command | undefined, columns: number): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const);
  const rest: Section[] = [
    ['Commands', table(rows, columns)],
    ...optionSections(command?.options ?? {}, columns, true),
    ['Examples', command === undefined ? '' : examples(command)],
    ['', `iceprobe COMMAND --help tells more. ${EXIT_CODES}`],
  ];
  if (command === undefined) return sections(columns, [['', 'Usage: iceprobe COMMAND [options]'], ...rest]);
  const usage = `Usage: iceprobe [${DEFAULT_COMMAND}] ${command.positionals ?? ''} [options]`;
  return sections(columns, [['', `${usage}\n       iceprobe COMMAND [options]`], ['', command.description], ...rest]);
}

/** `iceprobe NAME --help`. */
export function commandHelp(name: string, command: Command, columns: number): string {
  return sections(columns, [
    ['', `Usage: ${['iceprobe', name, command.positionals, '[options]'].filter(Boolean).join(' ')}`],
    ['', command.description],
    ...optionSections(command.options, columns, false),
    ['Examples', examples(command)],
    ['', EXIT_CODES],
  ]);
}

const EXIT_CODES =
  'Exit codes: 0 nothing wrong, 1 an error was found, 2 usage or configuration error, 3 not determined, ' +
  "70 a fault of iceprobe's own, 130 and 143 interrupted.";

type Section = readonly [heading: string, body: string];

function sections(columns: number, parts: readonly Section[]): string {
  const width = Math.min(columns, MAX_WIDTH);
  return parts
    .filter(([, body]) => body !== '')
    .map(([heading, body]) => (heading === '' ? `${wrapLines(body, width)}\n` : `${heading}:\n${body}\n`))
    .join('\n');
}

function optionSections(options: OptionTable, columns: number, isProgram: boolean): Section[] {
  const own = Object.entries(options);
  return GROUPS.map((group) => {
    const rows = own.filter(([, option]) => option.group === group).map(([name, option]) => optionRow(name, option));
    if (group === 'Options') {
      rows.push(['-h, --help', 'show this help']);
      if (isProgram) rows.push(['    --version', 'show the version']);
    }
    return [group, table(rows, columns)];
  });
}

function optionRow(name: string, option: Option<unknown>): readonly [string, string] {
  const letter = option.alias === undefined ? '    ' : `-${option.alias}, `;
  const value = option.placeholder === undefined ? '' : ` ${option.placeholder}`;
  return [`${letter}--${name}${value}`, option.repeatable ? `${option.help} (repeatable)` : option.help];
}

function examples(command: Command): string {
  return command.examples.map(([line, what]) => `  ${line}\n      ${what}`).join('\n');
}

const LONGEST_NAME = 26;

/** Two columns; a name too long for the first has a line to itself. */
function table(rows: readonly (readonly [string, string])[], columns: number): string {
  const width = Math.min(columns, MAX_WIDTH);
  const indent = LONGEST_NAME + 4;
  return rows
    .map(([name, what]) => {
      const lines = wrap(what, width - indent);
      const head = `  ${name}`.padEnd(indent);
      const first = name.length > LONGEST_NAME ? [head.trimEnd()] : [`${head}${lines.shift() ?? ''}`.trimEnd()];
      return [...first, ...lines.map((line) => ' '.repeat(indent) + line)].join('\n');
    })
    .join('\n');
}

function wrapLines(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => (line.startsWith(' ') ? [line] : wrap(line, width)))
    .join('\n');
}

/** Breaks at spaces; a word longer than the width stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > Math.max(20, width)) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
