import { seededRandom } from '../../src/core/random.ts';
import { mutate } from '../support/mutate.ts';
import { pick } from '../support/random-message.ts';
import { mutateText } from './mutate-text.ts';
import { type FuzzTarget, MAX_BYTES, type Outcome, textOf, utf8, Violation } from './target.ts';

/** No input may take longer, in milliseconds of the processor, whatever it is: at 64 KiB that is far above linear. */
export const MOST_MS = 1000;

export interface FuzzFailure {
  readonly input: Uint8Array;
  readonly error: unknown;
}

/** The inputs that follow from a seed: the same ones each time. */
export class InputMaker {
  readonly #target: FuzzTarget;
  readonly #seed: number;
  /** Grows with what a guided run finds. */
  readonly pool: Uint8Array[];
  #texts: string[] = [];

  constructor(target: FuzzTarget, seed: number, corpus: readonly Uint8Array[] = []) {
    this.#target = target;
    this.#seed = seed;
    this.pool = [...target.seeds(), ...corpus];
    if (this.pool.length === 0) throw new Error(`the target ${target.name} has no seeds`);
    this.#texts = target.words === undefined ? [] : this.pool.map(textOf);
  }

  add(input: Uint8Array): void {
    this.pool.push(input);
    if (this.#target.words !== undefined) this.#texts.push(textOf(input));
  }

  /** The `n`th one, and the seed for what its target chooses at random. */
  make(n: number): { readonly input: Uint8Array; readonly seed: number } {
    const seed = (Math.imul(this.#seed, 0x9e3779b1) ^ Math.imul(n + 1, 0x85ebca6b)) >>> 0;
    const random = seededRandom(seed);
    const { words, maxBytes = MAX_BYTES } = this.#target;
    // Bytes that are no text are of interest to readers of text, too.
    const asText = words !== undefined && (seed & 7) !== 0;
    const input = asText
      ? utf8(mutateText(random, pick(random, this.#texts), { words, others: this.#texts, maxLength: maxBytes }))
      : mutate(random, pick(random, this.pool), this.pool);
    return { input: input.subarray(0, maxBytes), seed };
  }
}

/** Runs one input and holds it to its time. Throws what is wrong. */
export async function runOne(target: FuzzTarget, input: Uint8Array, seed: number, mostMs = MOST_MS): Promise<Outcome> {
  const [outcome, ms] = await timed(target, input, seed);
  if (ms <= mostMs) return outcome;
  // Something else may have fallen into it, a garbage collection or a compilation: what is slow is slow again.
  const [, again] = await timed(target, input, seed);
  if (again > mostMs) {
    throw new Violation(
      `${input.length} bytes take ${Math.min(ms, again).toFixed(0)} ms, at most ${mostMs} are allowed`,
    );
  }
  return outcome;
}

async function timed(target: FuzzTarget, input: Uint8Array, seed: number): Promise<[Outcome, number]> {
  // Not by the clock on the wall: on a busy machine that goes on while we stand still.
  const start = process.cpuUsage();
  // A copy: whoever writes into what it was given must not spoil what is kept.
  const outcome = await target.run(input.slice(), seededRandom(seed));
  const { user, system } = process.cpuUsage(start);
  return [outcome, (user + system) / 1000];
}

/** The input without whatever the failure does not need. */
export async function minimise(target: FuzzTarget, failure: FuzzFailure, seed: number): Promise<Uint8Array> {
  const kind = kindOf(failure.error);
  const failsAlike = async (input: Uint8Array): Promise<boolean> => {
    try {
      await runOne(target, input, seed);
      return false;
    } catch (error) {
      return kindOf(error) === kind;
    }
  };
  let best = failure.input;
  const end = performance.now() + 20_000;
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < best.length && performance.now() < end; ) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (await failsAlike(shorter)) best = new Uint8Array(shorter);
      else at += size;
    }
  }
  return best;
}

/** What kind of failure it is: its place where it has one, else its words without their numbers. */
export function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = /\n\s+at .*/.exec(error.stack ?? '')?.[0] ?? '';
  return error instanceof Violation ? error.message.replace(/[0-9.]+/g, 'N') : `${error.name}${place}`;
}
