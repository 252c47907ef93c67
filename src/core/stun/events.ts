import type { Timing } from './transaction.ts';

/** What every event of one socket or connection carries. */
export interface TransportStamp {
  readonly transport: string;
}

export type IgnoredReason =
  | 'foreign-transaction'
  | 'wrong-source'
  | 'not-stun'
  | 'malformed'
  | 'bad-integrity'
  | 'late'
  | 'unexpected';

/** Bytes that came and were used for nothing, and why. */
export interface Ignored extends TransportStamp {
  readonly type: 'ignored';
  readonly reason: IgnoredReason;
  readonly from: string;
  /** Where it is malformed and how, or what else there is to say. */
  readonly detail: string | null;
  /** At most 32 bytes in hex. */
  readonly firstBytes: string;
}

export interface TransactionEnded extends TransportStamp {
  readonly type: 'transaction';
  readonly method: string;
  readonly transactionId: string;
  readonly server: string;
  readonly outcome: 'success' | 'error' | 'timeout' | 'failed';
  readonly errorCode: number | null;
  readonly reason: string | null;
  /** Null without an answer, and where it was sent more than once: which of the sends was answered is then unknown. */
  readonly rttMs: number | null;
  /** How often it was sent. */
  readonly attempts: number;
  readonly timing: Timing;
}
