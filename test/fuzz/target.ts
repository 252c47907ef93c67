import type { Random } from '../../src/core/random.ts';

/** How far an input came: a target that refuses everything tests nothing, and is noticed by that. */
export type Outcome = 'refused' | 'read';

/** Something that reads bytes from outside, and what must hold whatever they are. */
export interface FuzzTarget {
  readonly name: string;
  /** What it reads, for a person. */
  readonly reads: string;
  /** Whole inputs of every kind that it reads; mutations begin there. */
  seeds(): readonly Uint8Array[];
  /** Throws where something does not hold. What is chosen at random (how a stream is chunked) follows the input's seed. */
  run(input: Uint8Array, random: Random): Outcome | Promise<Outcome>;
  /** Words of its language: it is text, and mutated as text. */
  readonly words?: readonly string[];
  /** No input is made longer; 65,536 where it is absent. */
  readonly maxBytes?: number;
}

export const MAX_BYTES = 65_536;

/** What does not hold, said so that it can be told from other faults. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what);
}

const encoder = new TextEncoder();

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** As files are read: a byte order mark stays, what is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
