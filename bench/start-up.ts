// What the command costs before it does anything, beside Node itself: the two in turns, the fastest of each, for what else the
// machine does only ever adds.
//
// Target: `iceprobe --version` at most 1.6 times `node -e 0`.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { keepRow } from './support/rows.ts';

const ROUNDS = 25;
const TARGET = 1.6;

const bin = resolve('bin/iceprobe.js');
const lines: readonly (readonly [string, readonly string[]])[] = [
  ['node -e 0', ['-e', '0']],
  ['iceprobe --version', [bin, '--version']],
  ['iceprobe --help', [bin, '--help']],
  ['iceprobe lint stun:192.0.2.1', [bin, 'lint', 'stun:192.0.2.1']],
];

const fastest = lines.map(() => Number.POSITIVE_INFINITY);
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, [, args]] of lines.entries()) {
    fastest[index] = Math.min(fastest[index] ?? 0, timeOf(args));
  }
}

const [bare = Number.NaN, version = Number.NaN] = fastest;
console.log(`node ${process.version}, from start to end, the fastest of ${ROUNDS}\n`);
for (const [index, [name]] of lines.entries()) {
  const ms = fastest[index] ?? Number.NaN;
  console.log(`  ${name.padEnd(28)}  ${ms.toFixed(1).padStart(6)} ms  ${(ms / bare).toFixed(2)} times Node`);
}
console.log(`\n--version over Node alone: ${(version / bare).toFixed(2)} (target: at most ${TARGET})`);
for (const [index, [name]] of lines.entries()) {
  const ms = fastest[index] ?? Number.NaN;
  if (index === 0) continue;
  const target = index === 1 ? { target: { text: `at most ${TARGET}`, met: version / bare <= TARGET } } : {};
  const row = {
    ours: `${ms.toFixed(0)} ms`,
    peer: 'node -e 0',
    theirs: `${bare.toFixed(0)} ms`,
    ratio: `${(ms / bare).toFixed(2)} of its time`,
  };
  keepRow({ what: `start-up: ${name}`, ...row, ...target });
}
if (process.argv.includes('--check') && !(version / bare <= TARGET)) process.exitCode = 1;

function timeOf(args: readonly string[]): number {
  const startedAt = performance.now();
  const { status, error } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  const ms = performance.now() - startedAt;
  if (error !== undefined || status !== 0) throw error ?? new Error(`${args.join(' ')} ended with ${status}`);
  return ms;
}
