/** No line is longer: it fits two windows side by side, and a mail. */
export const WIDTH = 100;

/** Breaks text between words into lines of at most `width`; a word that is longer is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text
    .split(/\s+/)
    .filter((each) => each !== '')
    .flatMap((each) => cut(each, width))) {
    if (line === '') line = word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** A label in a column, its text beside it, wrapped within {@link WIDTH}. */
export function labelled(label: string, text: string, labelWidth: number, indent: number): string[] {
  const room = WIDTH - indent - labelWidth;
  const lines = wrap(text, room);
  return lines.map((line, index) => `${' '.repeat(indent)}${(index === 0 ? label : '').padEnd(labelWidth)}${line}`);
}

export function indented(text: string, indent: number): string[] {
  return wrap(text, WIDTH - indent).map((line) => `${' '.repeat(indent)}${line}`);
}

/** `left` and `right` at the two ends of a line of `width`. */
export function ends(left: string, right: string, width = WIDTH): string {
  return `${left}${' '.repeat(Math.max(2, width - left.length - right.length))}${right}`;
}

/** Parts joined into lines by two spaces or `separator`, none broken unless it must be. */
export function flow(parts: readonly string[], width: number, separator = '  '): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of parts.flatMap((each) => (each.length > width ? wrap(each, width) : [each]))) {
    if (line === '') line = part;
    else if (line.length + separator.length + part.length <= width) line += separator + part;
    else {
      lines.push(line);
      line = part;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function cut(word: string, width: number): string[] {
  const parts: string[] = [];
  for (let at = 0; at < word.length; at += width) parts.push(word.slice(at, at + width));
  return parts;
}
