import type { PeerMessage } from '../signaling/message.ts';
import type { CallEvent } from './events.ts';
import type { SessionEnd, SessionOptions } from './session-options.ts';

// A peer that takes part in connections somewhere else than where the call is directed from: in a process, in a page.

/** What it is told. Credentials go this way, and never by argv or environment. */
export type PeerCommand =
  /** One connection at a time. */
  | { readonly type: 'open'; readonly options: SessionOptions }
  | { readonly type: 'message'; readonly message: PeerMessage }
  | { readonly type: 'close'; readonly reason: string };

/** What it tells. `at`: milliseconds of its own clock. */
export type PeerReport =
  | { readonly type: 'ready'; readonly stack: string }
  /** The stack cannot be had. `isMissing`: it is not installed, or not for this platform. */
  | { readonly type: 'unusable'; readonly reason: string; readonly isMissing: boolean }
  | { readonly type: 'event'; readonly at: number; readonly event: CallEvent }
  | { readonly type: 'message'; readonly message: PeerMessage }
  | { readonly type: 'ended'; readonly end: SessionEnd };
