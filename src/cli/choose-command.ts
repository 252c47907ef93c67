import { networkOptions } from './options/network.ts';
import type { OptionTable } from './options/option.ts';
import { outputOptions } from './options/output.ts';
import { serverOptions } from './options/server.ts';

export interface Choice {
  /** Undefined where none was named. */
  readonly name: string | undefined;
  readonly args: readonly string[];
  readonly wants: 'run' | 'help' | 'version';
}

/** Options that may stand before the command: whether they take a value decides which word is the command. */
const COMMON: OptionTable = { ...serverOptions, ...networkOptions, ...outputOptions };

/** Finds the command among the arguments: the first word that is neither an option nor an option's value. */
export function chooseCommand(argv: readonly string[], known: readonly string[]): Choice {
  const end = argv.indexOf('--');
  const before = end < 0 ? argv : argv.slice(0, end);
  const at = firstWord(before);
  const word = at === undefined ? undefined : before[at];
  if (word === 'help' && at !== undefined) {
    const topic = argv[at + 1];
    return { name: topic !== undefined && known.includes(topic) ? topic : undefined, args: [], wants: 'help' };
  }
  const named = word !== undefined && at !== undefined && known.includes(word);
  const name = named ? word : undefined;
  const args = named ? [...argv.slice(0, at), ...argv.slice(at + 1)] : argv;
  if (before.some((arg) => arg === '--help' || arg === '-h')) return { name, args, wants: 'help' };
  if (before.includes('--version')) return { name, args, wants: 'version' };
  return { name, args, wants: 'run' };
}

function firstWord(args: readonly string[]): number | undefined {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (!arg.startsWith('-') || arg === '-') return i;
    if (!arg.includes('=') && takesValue(arg) && !/^-./.test(args[i + 1] ?? '')) i++;
  }
  return undefined;
}

function takesValue(arg: string): boolean {
  if (arg.startsWith('--')) return COMMON[arg.slice(2)]?.takesValue === true;
  const letter = arg.at(-1);
  return Object.values(COMMON).some((option) => option.alias === letter && option.takesValue);
}
