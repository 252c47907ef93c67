// The table of all benches, from the rows that each has kept.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { root } from './setup.mjs';

const PAGE = join(root, 'docs', 'benchmarks.md');
const MARKS = /(<!-- table -->\n)[\s\S]*(<!-- end of the table -->)/;

/**
 * @param {string} file  NDJSON of `bench/support/rows.ts`
 * @returns {{ table: string, missed: string[] }}
 */
export function benchTable(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  /** @type {import('../bench/support/rows.ts').BenchRow[]} */
  const rows = text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
  const lines = rows.map(({ what, ours, peer, theirs, ratio, target }) => {
    const goal = target === undefined ? '' : `${target.text}: ${target.met ? 'yes' : '**no**'}`;
    return `| ${what} | ${ours} | ${peer} | ${theirs} | ${ratio} | ${goal} |`;
  });
  const head = ['| what | iceprobe | peer | its | ratio | target |', '|---|---|---|---|---|---|'];
  const missed = rows
    .filter(({ target }) => target?.met === false)
    .map(({ what, peer, ratio }) => `${what}, ${peer}: ${ratio}`);
  return { table: `${[...head, ...lines].join('\n')}\n`, missed };
}

/**
 * Puts the table into docs/benchmarks.md.
 * @param {string} table
 * @param {readonly string[]} [leftOut]  what is not in it
 */
export function writeTable(table, leftOut = []) {
  const machine = `Node ${process.version.slice(1)}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, ${new Date().toISOString().slice(0, 10)}, a load of ${loadavg()[0]?.toFixed(1)} at the end.`;
  const without = leftOut.length === 0 ? '' : `\n\nLeft out: ${leftOut.join('; ')}.`;
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(
    PAGE,
    page.replace(MARKS, (_, begin, end) => `${begin}\n${machine}${without}\n\n${table}\n${end}`),
  );
}
