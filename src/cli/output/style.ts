import { Chalk } from 'chalk';
import { PLAIN, type Style } from '../../report/style.ts';
import type { Output } from '../context.ts';

/** The colours that an output can show. */
export function styleFor({ colors }: Pick<Output, 'colors'>): Style {
  if (colors === 0) return PLAIN;
  const chalk = new Chalk({ level: colors });
  return {
    bold: chalk.bold,
    dim: chalk.dim,
    error: chalk.red,
    warning: chalk.yellow,
    good: chalk.green,
    accent: chalk.cyan,
  };
}
