import { Parser } from 'yargs/helpers';
import { suggest } from '../../core/suggest.ts';
import { UsageError } from '../errors.ts';
import type { Option, OptionTable, ValuesOf } from './option.ts';

export interface ParsedArguments<Table extends OptionTable> {
  readonly options: ValuesOf<Table>;
  readonly positionals: readonly string[];
  /** What follows `--`. */
  readonly rest: readonly string[];
}

/** Nothing is converted, joined or guessed by the parser: what a value means is the option's business. */
const PARSER = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'duplicate-arguments-array': true,
  'flatten-duplicate-arrays': true,
  'greedy-arrays': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'populate--': true,
  'strip-aliased': true,
} as const;

/** Reads the arguments of one command by its table. Throws {@link UsageError}. */
export function parseArguments<Table extends OptionTable>(
  args: readonly string[],
  table: Table,
): ParsedArguments<Table> {
  const names = Object.keys(table);
  const given: Record<string, unknown> = Parser([...args], {
    alias: Object.fromEntries(Object.entries(table).map(([name, { alias = [] }]) => [name, alias])),
    string: names.filter((name) => table[name]?.takesValue === true),
    boolean: names.filter((name) => table[name]?.takesValue === false),
    configuration: PARSER,
  });
  const { _: positionals, '--': rest, ...named } = given;
  refuseFlagValues(args, table);
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(named)) {
    const option = table[name];
    if (option === undefined) throw unknownOption(name, args, table);
    if (value !== undefined) options[name] = readOption(name, option, [value].flat());
  }
  return {
    options: options as ValuesOf<Table>,
    positionals: (positionals as unknown[]).map(String),
    rest: ((rest ?? []) as unknown[]).map(String),
  };
}

function readOption(name: string, option: Option<unknown>, values: readonly unknown[]): unknown {
  if (!option.takesValue) {
    return values.at(-1) === true;
  }
  const texts = values.map((value) => (typeof value === 'string' ? value : ''));
  if (texts.includes('')) {
    throw new UsageError(
      `${spell(name, option)} needs a value, and was given none`,
      `write --${name} ${option.placeholder}; if a variable stands there, it is unset or empty` +
        `\na value that begins with "-" is joined by "=": --${name}=-value`,
    );
  }
  if (texts.length > 1 && !option.repeatable) {
    throw new UsageError(`${spell(name, option)} is given ${texts.length} times`, 'give it once');
  }
  for (const text of texts) {
    const result = option.read([text]);
    if (!result.ok) throw new UsageError(`${spell(name, option)} is "${text}"`, `it takes ${result.error}`);
  }
  const all = option.read(texts);
  return all.ok ? all.value : undefined;
}

/** The parser takes `--local=yes` for `--local=false`. */
function refuseFlagValues(args: readonly string[], table: OptionTable): void {
  const end = args.indexOf('--');
  for (const arg of end < 0 ? args : args.slice(0, end)) {
    const [, name = '', value] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    if (table[name]?.takesValue !== false || value === 'true' || value === 'false') continue;
    throw new UsageError(`--${name} takes no value`, `write --${name} alone, or leave it out`);
  }
}

/** As people write it: `-u, --username`. */
export function spell(name: string, option: Option<unknown>): string {
  return option.alias === undefined ? `--${name}` : `--${name} (-${option.alias})`;
}

function unknownOption(name: string, args: readonly string[], table: OptionTable): UsageError {
  const isLetter = name.length === 1 && !args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  if (isLetter) {
    const letters = Object.values(table).flatMap((option) => option.alias ?? []);
    return new UsageError(
      `unknown option -${name}`,
      `there are ${[...letters, 'h'].map((one) => `-${one}`).join(' ')}`,
    );
  }
  const meant = suggest(name, [...Object.keys(table), 'help', 'version']);
  return new UsageError(
    `unknown option --${name}`,
    meant === undefined ? '--help lists the options' : `did you mean --${meant}?`,
  );
}
