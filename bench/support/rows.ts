import { appendFileSync } from 'node:fs';

/** One line of the table of all benches. */
export interface BenchRow {
  readonly what: string;
  /** Measured in this run, with its unit. */
  readonly ours: string;
  readonly peer: string;
  readonly theirs: string;
  /** Ours by theirs as far as the measure goes, so that more is better: `12.3 times`. */
  readonly ratio: string;
  /** What was set out to be reached; absent where the row only shows. */
  readonly target?: { readonly text: string; readonly met: boolean };
}

/** Keeps a row for `npm run bench` without a name, which makes one table of all; a bench by itself prints its own. */
export function keepRow(row: BenchRow): void {
  const file = process.env['ICEPROBE_BENCH_ROWS'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

export function times(ratio: number): string {
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)} times`;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
