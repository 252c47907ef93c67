import { basename } from 'node:path';
import { defineCommand } from '../command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { completionTable } from '../completion/table.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { UsageError } from '../errors.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export const command = defineCommand({
  positionals: '[bash|zsh|fish]',
  description:
    'Prints a script that lets the shell complete commands, options and their values. Without a name, for $SHELL.',
  options: {},
  examples: [
    ['source <(iceprobe completion bash)', 'in ~/.bashrc'],
    ['source <(iceprobe completion zsh)', 'in ~/.zshrc, after compinit'],
    ['iceprobe completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  async run({ positionals }, { env, stdout }) {
    const [shell = basename(env['SHELL'] ?? ''), ...more] = positionals;
    const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell as keyof typeof SHELLS] : undefined;
    if (script === undefined || more.length > 0) {
      throw new UsageError(`no completion for ${JSON.stringify([shell, ...more].join(' '))}`, 'give bash, zsh or fish');
    }
    await stdout.write(script(await completionTable()));
    return 0;
  },
});
