import { FAULT_NOTES, FAULT_TABLE } from '../../core/turn/server/faults/table.ts';
import { wrap } from '../help.ts';

const INDENT = 29;
const WIDTH = 100;
const TAKES_WHICH = '[@WHICH]';

/** What `--fault help` prints: every row of the table with an example, then how to read them. */
export function faultHelp(): string {
  const rows = FAULT_TABLE.map(({ form, help, example }) => {
    const [name, mark] = form.endsWith(TAKES_WHICH) ? [form.slice(0, -TAKES_WHICH.length), '@'] : [form, ' '];
    const lines = wrap(`${help}: ${example}`, WIDTH - INDENT);
    const head = `${mark} ${name}`;
    const first =
      head.length > INDENT - 2 ? [head, `${' '.repeat(INDENT)}${lines[0]}`] : [head.padEnd(INDENT) + lines[0]];
    return [...first, ...lines.slice(1).map((line) => ' '.repeat(INDENT) + line)].join('\n');
  });
  const notes = FAULT_NOTES.flatMap((note) => wrap(note, WIDTH));
  return `--fault SPEC, any number of them. SPEC is one of\n\n${rows.join('\n')}\n\n${notes.join('\n')}\n`;
}
