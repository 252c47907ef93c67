import type { Participant } from '../core/call/participant.ts';

export { PeerCrash, type PeerListener, type PeerSessionOptions } from '../core/call/participant.ts';

/** One that was started for the call, and ends with it. */
export interface Peer extends Participant, AsyncDisposable {}

/** There is no WebRTC implementation to be had. */
export class StackMissing extends Error {
  readonly isMissing: boolean;

  constructor(message: string, isMissing: boolean) {
    super(message);
    this.name = 'StackMissing';
    this.isMissing = isMissing;
  }
}
