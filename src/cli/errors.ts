import { wrap } from '../report/layout.ts';

/** A text that is wrong, and the 1-based column where that shows: printed with a caret below it. */
export interface Excerpt {
  /** Fit to be shown: whoever makes it has masked what is secret. */
  readonly text: string;
  readonly column: number;
}

/**
 * Something that the user asked for cannot be done as asked: exit code 2. The message says what is wrong and where, the
 * hint how to mend it.
 */
export class UsageError extends Error {
  readonly hint: string | undefined;
  readonly excerpt: Excerpt | undefined;

  constructor(message: string, hint?: string, excerpt?: Excerpt) {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
    this.excerpt = excerpt;
  }
}

/** What stands on stderr for it, ending with a line feed. */
export function formatUsageError(error: UsageError): string {
  const lines = [`iceprobe: ${error.message}`];
  if (error.excerpt !== undefined) lines.push(...formatExcerpt(error.excerpt));
  const hints = error.hint?.split('\n').flatMap((line) => wrap(line, WIDTH - 2)) ?? [];
  lines.push(...hints.map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

const WIDTH = 100;
const EXCERPT_WIDTH = 90;

function formatExcerpt({ text, column }: Excerpt): string[] {
  // A long text is cut to what lies around the place. Control characters would break the line that the caret points into.
  const start = Math.max(0, Math.min(column - 1 - EXCERPT_WIDTH / 2, text.length - EXCERPT_WIDTH));
  const shown = withoutControls(text.slice(start, start + EXCERPT_WIDTH));
  return [`  ${shown}`, `  ${' '.repeat(column - 1 - start)}^`];
}

/** Unlike `core/printable`, one visible character for each, so that columns hold. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?');
}
