import type { Context } from './context.ts';
import type { OptionTable, ValuesOf } from './options/option.ts';

/** One subcommand: its module is imported only once it is asked for. */
export interface Command<Table extends OptionTable = OptionTable> {
  /** What follows the command's name: `[url...]`. */
  readonly positionals?: string;
  /** What `--help` says under the usage line. */
  readonly description: string;
  readonly options: Table;
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Resolves to the exit code. Throws a `UsageError` for what the user got wrong. */
  run(given: Given<Table>, context: Context): Promise<number>;
}

export interface Given<Table extends OptionTable> {
  readonly options: ValuesOf<Table>;
  readonly positionals: readonly string[];
  /** What follows `--`. */
  readonly rest: readonly string[];
}

/** Checks a command against its own option table, which a plain annotation would widen. */
export function defineCommand<const Table extends OptionTable>(command: Command<Table>): Command<Table> {
  return command;
}
