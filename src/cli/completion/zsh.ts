import { DEFAULT_COMMAND } from '../commands.ts';
import type { Option } from '../options/option.ts';
import type { CompletedCommand } from './table.ts';

/** A function for zsh's own completion, with a word on each command and option. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  return `#compdef iceprobe
_iceprobe() {
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join('\n')}
  )
  local command=${DEFAULT_COMMAND} word
  for word in \${words[2,CURRENT-1]}; do
    if (( \${commands[(I)$word:*]} )); then command=$word; break; fi
  done
  local -a options=('(- *)'{-h,--help}'[show help]')
  case $command in
${commands.map(({ name, options }) => `    ${name}) options+=(\n${specs(options)}\n    ) ;;`).join('\n')}
  esac
  [[ $command == ${DEFAULT_COMMAND} ]] && _describe -t commands command commands
  _arguments -s $options '*: :_files'
}
if [[ $funcstack[1] == _iceprobe ]]; then _iceprobe "$@"; else compdef _iceprobe iceprobe; fi
`;
}

function specs(options: CompletedCommand['options']): string {
  return Object.entries(options)
    .map(([name, option]) => `      ${spec(name, option)}`)
    .join('\n');
}

function spec(name: string, option: Option<unknown>): string {
  const { alias, repeatable, help } = option;
  const text = quote(`[${help.replace(/[[\]]/g, '\\$&')}]${value(option)}`);
  const again = repeatable ? "'*'" : '';
  if (alias === undefined) return `${again}--${name}${text}`;
  return `'(-${alias} --${name})'{-${alias},--${name}}${text}`;
}

function value({ takesValue, choices, isFile, placeholder = '' }: Option<unknown>): string {
  if (!takesValue) return '';
  const what = placeholder.replaceAll(':', '\\:');
  if (choices !== undefined) return `:${what}:(${choices.join(' ')})`;
  return `:${what}:${isFile === true ? '_files' : ''}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
