import { DEFAULT_COMMAND } from '../commands.ts';
import type { Option } from '../options/option.ts';
import type { CompletedCommand } from './table.ts';

/** Completions for fish, with a word on each command and option. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# iceprobe completion fish
function __iceprobe_command
    for word in (commandline -opc)[2..-1]
        if contains -- $word ${names}
            echo $word
            return
        end
    end
end
function __iceprobe_in
    set -l command (__iceprobe_command)
    test -z "$command"; and set command ${DEFAULT_COMMAND}
    test "$command" = "$argv[1]"
end
complete -c iceprobe -e
complete -c iceprobe -n 'test -z (__iceprobe_command)' -l version -d 'show the version'
complete -c iceprobe -s h -l help -d 'show help'
${commands.map(({ name, summary }) => `complete -c iceprobe -f -n 'test -z (__iceprobe_command)' -a ${name} -d ${quote(summary)}`).join('\n')}
${commands.flatMap(({ name, options }) => Object.entries(options).map((entry) => optionLine(name, ...entry))).join('\n')}
`;
}

function optionLine(command: string, long: string, option: Option<unknown>): string {
  const { alias, choices, isFile, takesValue, help } = option;
  const short = alias === undefined ? '' : ` -s ${alias}`;
  // -x: a value, and no files for it; -r: a value, which may be a file.
  const value = !takesValue
    ? ''
    : choices === undefined
      ? isFile === true
        ? ' -r'
        : ' -x'
      : ` -x -a ${quote(choices.join(' '))}`;
  return `complete -c iceprobe -n '__iceprobe_in ${command}'${short} -l ${long}${value} -d ${quote(help)}`;
}

/** In single quotes fish knows two escapes. */
function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
