import { DEFAULT_COMMAND } from '../commands.ts';
import type { Option } from '../options/option.ts';
import type { CompletedCommand } from './table.ts';

/** A script for bash, without any package for completion. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name);
  return `# iceprobe completion bash
_iceprobe() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=${DEFAULT_COMMAND} named= word words=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${names.join('|')}) command=$word named=1; break ;;
    esac
  done
  COMPREPLY=()
  case $command:$prev in
${commands.flatMap(valueCases).join('\n')}
  esac
  case $command in
${commands.map(({ name, options }) => `    ${name}) words='${optionWords(options)}' ;;`).join('\n')}
  esac
  [[ -z $named ]] && words+=' ${names.join(' ')} --version'
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o default -F _iceprobe iceprobe
`;
}

function optionWords(options: CompletedCommand['options']): string {
  const words = Object.entries(options).flatMap(([name, { alias }]) => [
    `--${name}`,
    ...(alias === undefined ? [] : [`-${alias}`]),
  ]);
  return [...words, '--help', '-h'].join(' ');
}

/** What may follow an option: one of its choices, a file, or anything. */
function valueCases({ name, options }: CompletedCommand): string[] {
  return Object.entries(options)
    .filter(([, option]) => option.takesValue)
    .map(([long, option]) => {
      const spellings = [`--${long}`, ...(option.alias === undefined ? [] : [`-${option.alias}`])];
      return `    ${spellings.map((spelling) => `${name}:${spelling}`).join('|')}) ${action(option)}return ;;`;
    });
}

function action({ choices, isFile }: Option<unknown>): string {
  if (choices !== undefined) return `mapfile -t COMPREPLY < <(compgen -W '${choices.join(' ')}' -- "$cur"); `;
  return isFile === true ? 'mapfile -t COMPREPLY < <(compgen -f -- "$cur"); ' : '';
}
