import { Chalk } from 'chalk';
import { PLAIN, type Style } from '../../report/style.ts';
import type { Output } from '../context.ts';

/** The colours that an output can show. */
export function styleFor({ colors }: Pick<Output, 'colors'>): Style {
  if (colors === 0) return PLAIN;
  const chalk = new Chalk({ level: colors });
  // One argument each: chalk joins all that it is given, and `map` gives three.
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    error: (text) => chalk.red(text),
    warning: (text) => chalk.yellow(text),
    good: (text) => chalk.green(text),
    accent: (text) => chalk.cyan(text),
  };
}
