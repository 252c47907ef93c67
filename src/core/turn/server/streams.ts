import { StreamFramer } from '../../stun/framing.ts';
import type { Instant } from '../../time.ts';
import type { FiveTuple } from './allocation.ts';
import type { Expiring } from './expiry-queue.ts';

/** A client's TCP or TLS connection. Without an allocation, or in the middle of a message, it is closed at `expiresAt`. */
export class ClientStream implements Expiring {
  readonly kind = 'stream';
  readonly tuple: FiveTuple;
  readonly framer = new StreamFramer();
  expiresAt: Instant = Number.NEGATIVE_INFINITY;
  queueIndex = -1;

  constructor(tuple: FiveTuple) {
    this.tuple = tuple;
  }
}
