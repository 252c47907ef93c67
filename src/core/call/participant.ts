import type { PeerMessage } from '../signaling/message.ts';
import type { CallEvent } from './events.ts';
import type { SessionEnd, SessionOptions } from './session-options.ts';

export type PeerSessionOptions = Omit<SessionOptions, 'stack'>;

/** What one peer tells while it takes part in a connection. `at`: milliseconds of a clock that all peers here share. */
export interface PeerListener {
  onEvent(event: CallEvent, at: number): void;
  /** For the other end. */
  onMessage(message: PeerMessage): void;
}

/** A WebRTC implementation that can take part in connections, one at a time. */
export interface Participant {
  /** Its name, for the report. */
  readonly stack: string;
  /** It takes no part in anything any more. */
  readonly isGone: boolean;
  /** Takes part in one connection; resolves when its part is over. Rejects with a {@link PeerCrash} where the stack dies. */
  take(options: PeerSessionOptions, listener: PeerListener): Promise<SessionEnd>;
  /** From the other end. */
  receive(message: PeerMessage): void;
  /** Ends the connection that it takes part in. */
  hangUp(reason: string): void;
}

/** A peer ended while it was at work: a fault of the WebRTC implementation. */
export class PeerCrash extends Error {
  /** `SIGSEGV`, `exit code 134`. */
  readonly how: string;

  constructor(stack: string, how: string) {
    super(`${stack} ended in the middle of a connection (${how})`);
    this.name = 'PeerCrash';
    this.how = how;
  }
}
