// Gives every parser that meets outside bytes what nobody meant for it; see CONTRIBUTING.md.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, Worker } from 'node:worker_threads';
import { PROJECT } from '../support/fixtures.ts';
import { keep } from './corpus.ts';
import { runOne } from './engine.ts';
import type { FuzzTarget } from './target.ts';
import { TARGETS } from './targets/index.ts';
import { BUSY, type Job, Shared, type Tally, work } from './worker.ts';

const USAGE = `usage: npm run fuzz -- [TARGET...] [--seconds N] [--seed N] [--keep] [--input FILE]

  --seconds N   in all, shared by the targets (default: 60)
  --seed N      where the inputs come from: the same ones again (default: the time)
  --keep        adds inputs that reach something new to test/fuzz/corpus
  --input FILE  tries this one, as it lies there

Targets:
${TARGETS.map(({ name, reads }) => `  ${name.padEnd(14)} ${reads}`).join('\n')}
`;

/** A thread that has used the processor for so long without an end of its input hangs. */
const HANG_MS = 10_000;
/** What one thread may hold, in MB: more is a leak, or an input that makes too much of itself. */
const MOST_MB = 512;

if (isMainThread) process.exitCode = await main();
else await work();

async function main(): Promise<number> {
  let parsed: ReturnType<typeof options>;
  try {
    parsed = options();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  const { values, positionals } = parsed;
  const unknown = positionals.find((name) => !TARGETS.some((target) => target.name === name));
  const seconds = Number(values.seconds ?? 60);
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  if (values.help === true || unknown !== undefined || !(seconds > 0) || !Number.isInteger(seed)) {
    console.error(`${unknown === undefined ? '' : `no target ${unknown}\n\n`}${USAGE}`);
    return 2;
  }
  const targets = TARGETS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  if (values.input !== undefined) return tryFile(targets, values.input, seed);
  console.log(`seed ${seed}, ${seconds} s for ${targets.length} targets\n`);
  console.log(
    `${'target'.padEnd(14)}${'inputs'.padStart(10)}${'a second'.padStart(10)}${'read'.padStart(8)}${'blocks'.padStart(9)}${'new'.padStart(6)}  failures`,
  );
  let failures = 0;
  for (const target of targets)
    failures += await fuzz(target, seed, (seconds * 1000) / targets.length, values.keep === true);
  console.log(failures === 0 ? '\nnothing found' : `\n${failures} found`);
  return failures === 0 ? 0 : 1;
}

function options() {
  return parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string' },
      keep: { type: 'boolean' },
      input: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
}

/** Until the time is over; after a failure it goes on behind it. Returns how many different failures there were. */
async function fuzz(target: FuzzTarget, seed: number, milliseconds: number, keepsNew: boolean): Promise<number> {
  const start = performance.now();
  const failures = new Map<string, string>();
  const sum = { inputs: 0, read: 0, blocks: 0 };
  const fresh: Uint8Array[] = [];
  for (let from = 0; ; ) {
    const left = milliseconds - (performance.now() - start);
    if (left <= 0 && sum.inputs > 0) break;
    const { inputs, read, blocks, fresh: more, failure } = await runWorker(target, seed, from, Math.max(left, 200));
    sum.inputs += inputs;
    sum.read += read;
    sum.blocks = Math.max(sum.blocks, blocks);
    fresh.push(...more);
    if (failure === undefined) continue;
    from = failure.number + 1;
    const [first = ''] = failure.text.split('\n');
    const key = first.replace(/[0-9.]+/g, 'N') + (/\n\s+at .*/.exec(failure.text)?.[0] ?? '');
    if (!failures.has(key)) failures.set(key, save(target.name, failures.size, failure.input, failure.text));
    if (failures.size >= 10) break;
  }
  if (keepsNew && fresh.length > 0) keep(target.name, fresh);
  const took = (performance.now() - start) / 1000;
  console.log(
    `${target.name.padEnd(14)}${String(sum.inputs).padStart(10)}${(sum.inputs / took).toFixed(0).padStart(10)}` +
      `${`${((100 * sum.read) / Math.max(1, sum.inputs)).toFixed(0)} %`.padStart(8)}${String(sum.blocks).padStart(9)}` +
      `${String(fresh.length).padStart(6)}  ${failures.size}`,
  );
  for (const text of failures.values()) console.log(text);
  return failures.size;
}

/** One thread. A hang and an exhausted memory end it, and are failures of the input that was under way. */
function runWorker(target: FuzzTarget, seed: number, from: number, milliseconds: number): Promise<Tally> {
  const shared = new Shared();
  const job: Job = { target: target.name, seed, from, milliseconds, shared: shared.buffer };
  const worker = new Worker(new URL(import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: MOST_MB },
    execArgv: ['--enable-source-maps'],
  });
  return new Promise((resolve) => {
    let [last, since] = [-1, process.cpuUsage()];
    const give = (text: string) => {
      const failure = { input: shared.input, number: from + shared.number, text };
      end({ inputs: shared.number, read: 0, blocks: 0, fresh: [], failure });
    };
    const watch = setInterval(() => {
      const { user, system } = process.cpuUsage(since);
      if (shared.number !== last || shared.number === BUSY) [last, since] = [shared.number, process.cpuUsage()];
      else if ((user + system) / 1000 > HANG_MS) give(`no end after ${HANG_MS} ms`);
    }, 500);
    const end = (tally: Tally) => {
      clearInterval(watch);
      void worker.terminate().then(() => resolve(tally));
    };
    worker.once('message', (tally: Tally) => end(tally));
    worker.once('error', (error) => give(error.stack ?? error.message));
  });
}

/** Where the input lies now, and what it does, in words to print. */
function save(target: string, number: number, input: Uint8Array, text: string): string {
  const folder = fileURLToPath(new URL(`.iceprobe/fuzz/${target}`, PROJECT));
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `failure-${number}`);
  writeFileSync(path, input);
  const told = text.split('\n').slice(0, 8).join('\n    ');
  return `  ${input.length} bytes in ${path}\n    ${told}\n    keep it: test/fuzz/regressions/${target}/WHAT-IT-WAS`;
}

async function tryFile(targets: readonly FuzzTarget[], path: string, seed: number): Promise<number> {
  const input = new Uint8Array(readFileSync(path));
  for (const target of targets) console.log(`${target.name}: ${await runOne(target, input, seed)}`);
  return 0;
}
