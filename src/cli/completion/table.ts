import { COMMANDS } from '../commands.ts';
import type { OptionTable } from '../options/option.ts';

/** What can be completed, of every command. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: OptionTable;
}

export async function completionTable(): Promise<CompletedCommand[]> {
  return Promise.all(
    Object.entries(COMMANDS).map(async ([name, { summary, load }]) => {
      const { command } = await load();
      return { name, summary, options: command.options };
    }),
  );
}
