import type { PeerMessage } from '../signaling/message.ts';
import type { CallEvent, PeerRole } from './events.ts';
import type { Bridges, CallIceServer, CallPath, configurationFor } from './path.ts';
import type { CallClock, PeerConnection } from './peer-connection.ts';

/** How a peer's part in a connection ended. */
export interface SessionEnd {
  /**
   * `measured`: connected, and all was measured. `ended`: the other end said goodbye. `failed`: the stack gave up.
   * `timeout`: no data channel by the deadline. `lost`: it was connected, and did not stay so. `error`: the stack refused
   * something.
   */
  readonly outcome: 'measured' | 'ended' | 'failed' | 'timeout' | 'lost' | 'error';
  readonly reason: string;
}

export interface SessionOptions {
  readonly path: CallPath;
  readonly role: PeerRole;
  readonly iceServers: readonly CallIceServer[];
  /** Candidates as they are found (RFC 8838); otherwise all of them within the description. */
  readonly trickle: boolean;
  /** Tell candidates on loopback interfaces: both ends are on one machine. */
  readonly loopback: boolean;
  /** Until the data channel must be open, milliseconds. */
  readonly connectMs: number;
  /** How long to measure what crosses it, milliseconds. */
  readonly durationMs: number;
  /** Wait until `connectMs` whatever the stack says: people carry the messages. */
  readonly patient?: boolean;
  /** Servers that the stack reaches by another URL than was given. */
  readonly bridges?: Bridges;
  /** Names the WebRTC implementation, for the report. */
  readonly stack: string;
}

export interface SessionWorld {
  readonly clock: CallClock;
  connect(configuration: ReturnType<typeof configurationFor>): PeerConnection;
  onEvent(event: CallEvent): void;
  /** To the other end. */
  onMessage(message: PeerMessage): void;
  /** Once; everything is closed then. */
  onEnd(end: SessionEnd): void;
}
