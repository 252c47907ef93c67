import { randomFillSync } from 'node:crypto';
import type { Random } from '../core/random.ts';

const POOL_BYTES = 1024;

/**
 * The system's generator, for transaction ids and everything else that must not be guessed. A transaction id takes 12
 * bytes; a pool makes that one call to the generator for many.
 */
export function systemRandom(): Random {
  let pool = new Uint8Array(0);
  let used = 0;
  return {
    bytes(length) {
      if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length));
      if (used + length > pool.length) {
        pool = randomFillSync(new Uint8Array(POOL_BYTES));
        used = 0;
      }
      // A copy: what a caller holds must not change, and must not show what the next caller gets.
      const out = pool.slice(used, used + length);
      used += length;
      return out;
    },
  };
}
