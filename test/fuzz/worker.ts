import { parentPort, workerData } from 'node:worker_threads';
import { readCorpus } from './corpus.ts';
import { Coverage } from './coverage.ts';
import { InputMaker, minimise, runOne } from './engine.ts';
import { MAX_BYTES } from './target.ts';
import { TARGETS } from './targets/index.ts';

/** What a thread is started with. */
export interface Job {
  readonly target: string;
  readonly seed: number;
  /** Where it goes on: what came before has been tried. */
  readonly from: number;
  readonly milliseconds: number;
  /** {@link Shared}. */
  readonly shared: SharedArrayBuffer;
}

/** In the place of the number: no input is under way, a failed one is made shorter. */
export const BUSY = -2;

/** The input that is under way, for whoever finds this thread dead: its number, its length, its bytes. */
export class Shared {
  readonly buffer: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(buffer = new SharedArrayBuffer(8 + MAX_BYTES)) {
    this.buffer = buffer;
    this.#numbers = new Int32Array(buffer, 0, 2);
    this.#bytes = new Uint8Array(buffer, 8);
  }

  set(number: number, input: Uint8Array): void {
    this.#bytes.set(input);
    this.#numbers[1] = input.length;
    Atomics.store(this.#numbers, 0, number);
  }

  get number(): number {
    return Atomics.load(this.#numbers, 0);
  }

  get input(): Uint8Array {
    return this.#bytes.slice(0, this.#numbers[1] ?? 0);
  }
}

export interface Tally {
  readonly inputs: number;
  readonly read: number;
  readonly blocks: number;
  /** Inputs that reached something new. */
  readonly fresh: readonly Uint8Array[];
  readonly failure: { readonly input: Uint8Array; readonly number: number; readonly text: string } | undefined;
}

/** Inputs between two looks at the coverage, which takes longer than most of them. */
const BATCH = 200;

/** Tries inputs until the time is over or one fails; inputs that reach something new are mutated further. */
export async function work(): Promise<void> {
  const job = workerData as Job;
  const target = TARGETS.find(({ name }) => name === job.target);
  if (target === undefined) throw new Error(`no target ${job.target}`);
  const shared = new Shared(job.shared);
  const maker = new InputMaker(target, job.seed, readCorpus(target.name));
  const coverage = new Coverage();
  coverage.start();
  const fresh: Uint8Array[] = [];
  /** What was new, and has an input that reaches it. */
  const found = new Set<string>();
  let [inputs, read, number] = [0, 0, job.from];
  let failure: Tally['failure'];
  const attempt = async (input: Uint8Array, seed: number): Promise<boolean> => {
    shared.set(++inputs, input);
    try {
      if ((await runOne(target, input, seed)) === 'read') read++;
      return true;
    } catch (error) {
      shared.set(BUSY, input);
      const shortest = await minimise(target, { input, error }, seed);
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      failure = { input: shortest, number, text };
      return false;
    }
  };
  // What is there already is no discovery.
  for (const input of maker.pool.slice()) if (!(await attempt(input, 1))) break;
  coverage.add(coverage.look());
  const end = performance.now() + job.milliseconds;
  while (failure === undefined && performance.now() < end) {
    const batch = Array.from({ length: BATCH }, () => maker.make(number++));
    for (const { input, seed } of batch) {
      if (!(await attempt(input, seed)) || performance.now() > end) break;
    }
    if (failure !== undefined) break;
    const news = coverage.look();
    if (news.size === 0) continue;
    for (const input of await findReaching(news, batch)) {
      maker.add(input);
      fresh.push(input);
    }
    coverage.add(news);
  }
  const tally: Tally = { inputs, read, blocks: coverage.size, fresh, failure };
  parentPort?.postMessage(tally);

  /** Which of a batch reach what is new: by halves, for a look takes longer than most inputs. */
  async function findReaching(news: Set<string>, batch: readonly Made[]): Promise<Uint8Array[]> {
    for (const { input, seed } of batch) await attempt(input, seed);
    const reached = [...coverage.look()].filter((key) => news.has(key) && !found.has(key));
    if (reached.length === 0) return [];
    const [only] = batch;
    if (only !== undefined && batch.length === 1) {
      for (const key of reached) found.add(key);
      return [only.input];
    }
    const middle = batch.length >> 1;
    return [...(await findReaching(news, batch.slice(0, middle))), ...(await findReaching(news, batch.slice(middle)))];
  }
}

type Made = ReturnType<InputMaker['make']>;
