import type { StunMessage } from '../../stun/message.ts';
import type { FiveTuple } from './allocation.ts';
import type { Tweaks } from './faults/plan.ts';

/** One request on its way through the server: whose, what, and what a fault does to the answer. */
export interface Exchange {
  readonly tuple: FiveTuple;
  readonly message: StunMessage;
  readonly tweaks: Tweaks;
}
