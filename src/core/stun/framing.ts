import { plainView, readUint16 } from '../bytes.ts';
import { type ForeignProtocol, mayBecomeForeign, RECOGNISED_WITHIN, recognise } from './foreign.ts';
import { HEADER_LENGTH } from './message.ts';

export type { ForeignProtocol } from './foreign.ts';

/** One message of a stream, not yet decoded. The bytes may be a view into the chunk that brought them. */
export interface MessageFrame {
  readonly kind: 'stun';
  readonly bytes: Uint8Array;
}

/** With header and padding, as `core/turn/channel-data` decodes it. */
export interface ChannelDataFrame {
  readonly kind: 'channel-data';
  readonly bytes: Uint8Array;
}

export type FramingErrorCode = 'not-stun' | 'bad-cookie' | 'unaligned-length' | 'early-channel-data' | 'truncated';

/** The stream is no longer STUN, and nothing after it can be read: the last frame that a framer gives. */
export interface FramingError {
  readonly kind: 'error';
  readonly code: FramingErrorCode;
  /** Where in the stream, in bytes since its begin, the frame started that is none. */
  readonly offset: number;
  readonly message: string;
  /** What the other end speaks, where its first bytes give it away. */
  readonly protocol: ForeignProtocol | undefined;
  /** The frame's first bytes as far as they had come, 32 at the most. */
  readonly firstBytes: Uint8Array;
}

export type Frame = MessageFrame | ChannelDataFrame | FramingError;

/** The longest frame: a STUN message of 20 + 65,532 bytes. */
export const MAX_FRAME_LENGTH = HEADER_LENGTH + 65_532;

/** Tells a channel number and its length; a message's cookie ends at byte 8. */
const CHANNEL_HEADER = 4;
const COOKIE_END = 8;
const FIRST_BYTES = 32;

/**
 * Cuts a TCP or TLS stream into STUN messages and ChannelData (RFC 8489 6.2.2, RFC 8656 12.5), however it was chunked.
 * Never throws, and holds at most one unfinished frame. After an error it swallows whatever comes: a stream that has lost
 * its lengths cannot be picked up again.
 */
export class StreamFramer {
  /** The unfinished frame's room: `#held` bytes are there, nothing can be said before it is full. */
  #room: Uint8Array = new Uint8Array();
  #held = 0;
  #offset = 0;
  #sawMessage = false;
  #error: FramingError | undefined;

  /** The frames that this chunk completes, in order. Do not change the chunk afterwards: frames may point into it. */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < chunk.length && this.#error === undefined) {
      const begun = this.#held > 0;
      let bytes: Uint8Array;
      if (begun) {
        at += this.#fill(chunk, at);
        if (this.#held < this.#room.length) break;
        bytes = this.#room;
      } else {
        bytes = chunk.subarray(at);
      }
      const needed = this.#needed(bytes);
      if (typeof needed !== 'number') {
        frames.push(this.#fail(needed, bytes));
      } else if (needed > bytes.length) {
        this.#hold(bytes, needed);
        if (!begun) break;
      } else {
        frames.push(this.#frame(bytes.subarray(0, needed)));
        if (begun) this.#release();
        else at += needed;
      }
    }
    return frames;
  }

  /** The stream has ended: an error if that was in the middle of a frame. */
  end(): FramingError | undefined {
    if (this.#error !== undefined || this.#held === 0) return undefined;
    const bytes = this.#room.subarray(0, this.#held);
    // What was held back because more bytes could have shown another protocol has shown what it is now.
    const needed = this.#needed(bytes);
    const truncated = {
      code: 'truncated',
      message: `the stream ended after ${bytes.length} bytes of a message`,
    } as const;
    return this.#fail(typeof needed === 'number' ? truncated : needed, bytes);
  }

  /** How many bytes are held for a frame that is not complete. */
  get bufferedBytes(): number {
    return this.#held;
  }

  /** The error that ended the reading, if any. */
  get error(): FramingError | undefined {
    return this.#error;
  }

  /** How many bytes, from the first of a frame, are needed to go on: all of it, or enough to tell how long it is. */
  #needed(bytes: Uint8Array): number | Trouble {
    if (bytes.length < CHANNEL_HEADER) return CHANNEL_HEADER;
    // `HTTP` and `GET ` read as ChannelData of 21 kB, which would be awaited for ever: look for them first.
    if (mayBecomeForeign(bytes)) return RECOGNISED_WITHIN;
    const protocol = recognise(bytes);
    if (protocol !== undefined) return { code: 'not-stun', message: `${protocol.says}: no STUN message` };
    const first = bytes[0] ?? 0;
    if (first < 4) return neededForMessage(bytes);
    // RFC 7983: 64 to 79 is ChannelData, in RFC 5766 it went up to 127.
    if (first < 0x40 || first > 0x7f) {
      return { code: 'not-stun', message: `neither a STUN message nor ChannelData begins with byte ${first}` };
    }
    // RFC 8656 12: a channel is bound by a request on the same connection, so no stream begins with its data.
    if (!this.#sawMessage) return { code: 'early-channel-data', message: 'ChannelData before any STUN message' };
    // RFC 8656 12.5: over TCP and TLS the data is padded to a multiple of four bytes.
    return CHANNEL_HEADER + ((readUint16(bytes, 2) + 3) & ~3);
  }

  #frame(bytes: Uint8Array): Frame {
    this.#offset += bytes.length;
    if ((bytes[0] ?? 0) >= 4) return { kind: 'channel-data', bytes };
    this.#sawMessage = true;
    return { kind: 'stun', bytes };
  }

  #hold(bytes: Uint8Array, needed: number): void {
    const room = new Uint8Array(needed);
    room.set(bytes);
    this.#room = room;
    this.#held = bytes.length;
  }

  /** Takes from the chunk what the room still has place for; how many bytes that was. */
  #fill(chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + this.#room.length - this.#held);
    this.#room.set(part, this.#held);
    this.#held += part.length;
    return part.length;
  }

  #release(): void {
    this.#room = new Uint8Array();
    this.#held = 0;
  }

  #fail(trouble: Trouble, bytes: Uint8Array): FramingError {
    this.#error = {
      kind: 'error',
      ...trouble,
      offset: this.#offset,
      protocol: recognise(bytes),
      firstBytes: plainView(bytes).slice(0, FIRST_BYTES),
    };
    this.#release();
    return this.#error;
  }
}

type Trouble = Pick<FramingError, 'code' | 'message'>;

function neededForMessage(bytes: Uint8Array): number | Trouble {
  if (bytes.length < COOKIE_END) return COOKIE_END;
  if (bytes[4] !== 0x21 || bytes[5] !== 0x12 || bytes[6] !== 0xa4 || bytes[7] !== 0x42) {
    return { code: 'bad-cookie', message: 'the magic cookie 2112a442 is missing' };
  }
  const length = readUint16(bytes, 2);
  if (length % 4 !== 0) return { code: 'unaligned-length', message: `the length ${length} is no multiple of 4` };
  return HEADER_LENGTH + length;
}
