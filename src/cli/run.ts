import { nagiosUnknown } from '../report/nagios.ts';
import { chooseCommand } from './choose-command.ts';
import type { Command } from './command.ts';
import { COMMANDS, DEFAULT_COMMAND } from './commands.ts';
import type { Context } from './context.ts';
import { formatUsageError, UsageError } from './errors.ts';
import { commandHelp, programHelp } from './help.ts';
import { parseArguments } from './options/parse.ts';

/** Runs one command line in a given world. Resolves to its exit code; rejects only for a fault of our own. */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  try {
    return await dispatch(argv, context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    await context.stderr.write(formatUsageError(error));
    if (!wantsNagios(argv)) return 2;
    await context.stdout.write(nagiosUnknown(error.message));
    return 3;
  }
}

async function dispatch(argv: readonly string[], context: Context): Promise<number> {
  const chosen = chooseCommand(argv, Object.keys(COMMANDS));
  const { stdout } = context;
  if (chosen.wants === 'version') {
    const { VERSION } = await import('../core/version.ts');
    await stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (chosen.wants === 'help') {
    await stdout.write(await help(chosen.name, stdout.columns));
    return 0;
  }
  const command = await load(chosen.name ?? DEFAULT_COMMAND);
  if (command === undefined) throw new UsageError('no command', '--help lists the commands');
  return command.run(parseArguments(chosen.args, command.options), context);
}

async function help(name: string | undefined, columns: number): Promise<string> {
  const command = await load(name ?? DEFAULT_COMMAND);
  return name === undefined || command === undefined
    ? programHelp(command, columns)
    : commandHelp(name, command, columns);
}

async function load(name: string): Promise<Command | undefined> {
  return (await COMMANDS[name]?.load())?.command;
}

/** Before the arguments can be read: a monitor knows 2 as CRITICAL, and a mistake in the call is UNKNOWN. */
function wantsNagios(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const words = (end < 0 ? argv : argv.slice(0, end)).join(' ');
  return /(?:^| )(?:-f[ =]?|--format[ =])nagios(?: |$)/.test(words);
}
