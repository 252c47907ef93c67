import type { Timing } from '../stun/transaction.ts';

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
  readonly rttMs: number | null;
  /** How often it was sent. */
  readonly attempts: number;
  readonly timing: Timing;
}

export interface AllocationChanged extends TransportStamp {
  readonly type: 'allocation';
  readonly change: 'created' | 'refreshed' | 'released' | 'lost';
  readonly server: string;
  readonly relayedAddress: string | null;
  readonly mappedAddress: string | null;
  /** Seconds; for `lost`, until when it stays on the server if nobody releases it. */
  readonly lifetime: number | null;
}

export interface PermissionChanged extends TransportStamp {
  readonly type: 'permission';
  readonly change: 'created' | 'refreshed' | 'lost';
  readonly peers: readonly string[];
}

export interface ChannelChanged extends TransportStamp {
  readonly type: 'channel';
  readonly change: 'created' | 'refreshed' | 'lost';
  readonly channel: number;
  readonly peer: string;
}

/** What the client machines tell beside their results. */
export type ProtocolEvent = Ignored | TransactionEnded | AllocationChanged | PermissionChanged | ChannelChanged;
