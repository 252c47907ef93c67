import type { Result } from '../../result.ts';
import type { MessageBuilder } from '../../stun/encode.ts';
import type { Refusal } from './refusal.ts';

/**
 * How a request ends: what a success answer holds besides the common parts, or an error. `undefined`: no answer, for a
 * retransmission of what is still being worked on.
 */
export type Outcome = Result<(builder: MessageBuilder) => void, Refusal> | undefined;

/** A success that says no more than that. */
export const DONE: Outcome = { ok: true, value: () => {} };
