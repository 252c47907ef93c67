import { VERSION } from '../core/version.ts';
import type { Command } from './command.ts';
import { COMMANDS, DEFAULT_COMMAND } from './commands.ts';
import { GROUPS, type Option } from './options/option.ts';

/** The manual page, in the language of man(7), from the tables that `--help` is made of. `date` is YYYY-MM-DD. */
export async function manualPage(date: string): Promise<string> {
  const commands = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { summary, load }]) => ({
      name,
      summary,
      command: (await load()).command,
    })),
  );
  const lines = [
    `.TH ICEPROBE 1 ${date} "iceprobe ${text(VERSION)}" "User Commands"`,
    '.SH NAME',
    'iceprobe \\- tells why a WebRTC peer connection fails, or proves that it will not',
    '.SH SYNOPSIS',
    `.B iceprobe`,
    `[\\fI${text(DEFAULT_COMMAND)}\\fR] [\\fIurl\\fR...] [\\fIoptions\\fR]`,
    '.br',
    '.B iceprobe',
    '\\fIcommand\\fR [\\fIoptions\\fR]',
    '.SH DESCRIPTION',
    'iceprobe asks STUN and TURN servers what a browser would ask them, and names the cause when something is wrong,',
    'with the evidence and the fix.',
    '.SH COMMANDS',
    ...commands.flatMap(({ name, summary }) => ['.TP', `.B ${text(name)}`, sentence(summary)]),
    ...commands.flatMap(({ name, command }) => section(name, command)),
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, text(meaning)]),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, meaning]) => ['.TP', `.B ${name}`, text(meaning)]),
    '.SH FILES',
    '.TP',
    '.I iceprobe.config.json\\fR, \\fIiceprobe.config.ts',
    'targets of',
    '.B iceprobe check',
    'and',
    '.BR "iceprobe monitor" ,',
    'looked for in the current folder.',
  ];
  return `${lines.join('\n')}\n`;
}

const EXIT_CODES = [
  ['0', 'nothing wrong (warnings allowed)'],
  ['1', 'an error was found, or an expectation is not met'],
  ['2', 'usage or configuration error: nothing was tested, or a report could not be written'],
  ['3', 'something that was asked for is not determined'],
  ['70', "a fault of iceprobe's own; it says how to report it"],
  ['125', 'the command under --exec could not be started'],
  ['129, 130, 143', 'interrupted; allocations are released first'],
] as const;

const ENVIRONMENT = [
  ['ICEPROBE_USERNAME, ICEPROBE_CREDENTIAL', 'user name and password of TURN servers that have none of their own'],
  ['ICEPROBE_SECRET', 'shared secret to mint a REST credential from, in their place'],
  ['NO_COLOR, FORCE_COLOR', 'no colours, or colours also where the output is no terminal'],
] as const;

function section(name: string, command: Command): string[] {
  const { description, positionals, options, examples } = command;
  const usage = ['iceprobe', name].join(' ');
  const own = Object.entries(options);
  return [
    `.SH ${text(usage.toUpperCase())}`,
    `.B ${text(usage)}`,
    `${positionals === undefined ? '' : `${text(positionals)} `}[\\fIoptions\\fR]`,
    ...paragraph(description),
    ...GROUPS.flatMap((group) => {
      const rows = own.filter(([, option]) => option.group === group);
      return rows.length === 0 ? [] : [`.SS ${text(group)}`, ...rows.flatMap(([long, option]) => row(long, option))];
    }),
    ...(examples.length === 0 ? [] : ['.SS Examples']),
    ...examples.flatMap(([line, what]) => ['.TP', `.B ${text(line)}`, sentence(what)]),
  ];
}

function row(long: string, option: Option<unknown>): string[] {
  const { alias, placeholder, help, repeatable } = option;
  const spelled = [...(alias === undefined ? [] : [`-${alias}`]), `--${long}`].map((each) => `\\fB${text(each)}\\fR`);
  const value = placeholder === undefined ? '' : ` \\fI${text(placeholder)}\\fR`;
  return ['.TP', `${spelled.join(', ')}${value}`, sentence(repeatable ? `${help} (repeatable)` : help)];
}

function paragraph(words: string): string[] {
  return ['.PP', ...words.split('\n').map(sentence)];
}

/** A line of text: a dot or a quote at its beginning would be taken for a request. */
function sentence(words: string): string {
  const escaped = text(words);
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** A hyphen that is typed as one must stay one. */
function text(words: string): string {
  return words.replaceAll('\\', '\\e').replaceAll('-', '\\-');
}
