import type { CallEvent } from '../../core/call/events.ts';
import type { SessionEnd, SessionOptions } from '../../core/call/session.ts';
import type { PeerMessage } from '../../core/signaling/message.ts';

/** What the terminal tells the process of a peer. Credentials go this way, and never by argv or environment. */
export type PeerCommand =
  /** One connection at a time. */
  | { readonly type: 'open'; readonly options: SessionOptions }
  | { readonly type: 'message'; readonly message: PeerMessage }
  | { readonly type: 'close'; readonly reason: string };

/** What the process tells. `at`: milliseconds of the machine's monotonic clock, which all its processes share. */
export type PeerReport =
  | { readonly type: 'ready'; readonly stack: string }
  /** The stack cannot be had. `isMissing`: it is not installed, or not for this platform. */
  | { readonly type: 'unusable'; readonly reason: string; readonly isMissing: boolean }
  | { readonly type: 'event'; readonly at: number; readonly event: CallEvent }
  | { readonly type: 'message'; readonly message: PeerMessage }
  | { readonly type: 'ended'; readonly end: SessionEnd };

/** Milliseconds since the machine started: the same clock in every process on it. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
