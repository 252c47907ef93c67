import { VERSION } from '../core/version.ts';
import { COMMANDS } from './commands.ts';

/** What stands on stderr when iceprobe itself is broken: exit code 70, and all that a report of it needs. */
export function formatFault(error: unknown, argv: readonly string[]): string {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    '',
    'iceprobe: a fault of iceprobe itself, not of your network or your servers.',
    'Please report it: `npm bugs iceprobe` opens the place for that. What to send:',
    '',
    `  iceprobe ${VERSION}, node ${process.version}, ${process.platform} ${process.arch}`,
    `  arguments: ${withoutValues(argv)}`,
    ...what.split('\n').map((line) => `  ${line}`),
    '',
    '',
  ].join('\n');
}

/** Names of commands and options only: values may be credentials, and URLs are nobody else's business. */
function withoutValues(argv: readonly string[]): string {
  const shown = argv.map(
    (arg) => /^(?:--[a-z-]+|-[a-z])/.exec(arg)?.[0] ?? (Object.hasOwn(COMMANDS, arg) ? arg : '...'),
  );
  return shown.length === 0 ? '(none)' : shown.join(' ');
}
