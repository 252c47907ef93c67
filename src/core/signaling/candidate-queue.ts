import type { PeerMessage } from './message.ts';

type CandidateMessage = Extract<PeerMessage, { type: 'new-ice-candidate' | 'end-of-candidates' }>;

/**
 * Candidates that come before the remote description wait for it: a peer connection refuses them until then, and
 * signaling does not promise the order in which a trickling peer sent things.
 */
export class CandidateQueue {
  readonly #waiting: CandidateMessage[] = [];
  readonly #limit: number;
  #described = false;

  constructor(limit = 500) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** What may be added now: the message itself, or nothing while it waits. False where the queue is full. */
  push(message: CandidateMessage): readonly CandidateMessage[] | false {
    if (this.#described) return [message];
    if (this.#waiting.length >= this.#limit) return false;
    this.#waiting.push(message);
    return [];
  }

  /** The remote description is set: everything that waited, in its order. */
  describe(): readonly CandidateMessage[] {
    this.#described = true;
    return this.#waiting.splice(0);
  }
}
