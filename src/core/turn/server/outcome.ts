import type { Result } from '../../result.ts';
import type { AttributeCodec } from '../../stun/attribute.ts';
import type { Refusal } from './refusal.ts';

/** Where the attributes of an answer go. */
export interface AttributeSink {
  add<T>(codec: AttributeCodec<T>, value: T): this;
  addOptional<T>(codec: AttributeCodec<T>, value: T | undefined): this;
}

/**
 * How a request ends: what a success answer holds besides the common parts, or an error. `undefined`: no answer, for a
 * retransmission of what is still being worked on.
 */
export type Outcome = Result<(sink: AttributeSink) => void, Refusal> | undefined;

/** A success that says no more than that. */
export const DONE: Outcome = { ok: true, value: () => {} };
