import type { Ignored, TransactionEnded, TransportStamp } from '../stun/events.ts';

export type { Ignored, IgnoredReason, TransactionEnded, TransportStamp } from '../stun/events.ts';

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
