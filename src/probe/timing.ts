import type { Timing } from '../core/stun/transaction.ts';

/** Requests of a probe over UDP: RFC 8489's schedule, given up after 5 s like those of a gathering. */
export const PROBE_TIMING: Timing = { rtoMs: 500, maxSends: 7, lastWaitFactor: 16, giveUpMs: 5000 };
