import type { Command } from './command.ts';

interface CommandEntry {
  /** A line for `iceprobe --help`. */
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

/** Every command, in the order of `--help`. A new one is a module in commands/ and a line here. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  lint: { summary: 'check a configuration without sending a packet', load: () => import('./commands/lint.ts') },
  credentials: { summary: 'mint REST credentials', load: () => import('./commands/credentials.ts') },
};

export const DEFAULT_COMMAND = 'gather';
