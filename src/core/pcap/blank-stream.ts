import { concatBytes } from '../bytes.ts';
import { blankIntegrity } from '../stun/blank.ts';
import { StreamFramer } from '../stun/framing.ts';

/**
 * One direction of a stream with the integrity of its messages blanked: each comes out whole with the chunk that completes
 * it. From the point on where the stream is no longer STUN, everything passes as it is.
 */
export class BlankingStream {
  readonly #framer = new StreamFramer();
  /** Bytes of frames that are not complete. */
  #held: Uint8Array = new Uint8Array();

  push(chunk: Uint8Array): Uint8Array {
    if (this.#framer.error !== undefined) return chunk;
    const pending = concatBytes(this.#held, chunk);
    const frames = this.#framer.push(chunk.slice());
    const complete = frames.flatMap((frame) => (frame.kind === 'error' ? [] : [frame.bytes]));
    const rest = pending.subarray(complete.reduce((sum, bytes) => sum + bytes.length, 0));
    const isLost = this.#framer.error !== undefined;
    this.#held = isLost ? new Uint8Array() : rest.slice();
    return concatBytes(...complete.map(blankIntegrity), ...(isLost ? [rest] : []));
  }

  /** What was left unfinished when the stream ended. */
  end(): Uint8Array {
    const rest = this.#held;
    this.#held = new Uint8Array();
    return rest;
  }
}
