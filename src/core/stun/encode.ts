import { writeUint16, writeUint32 } from '../bytes.ts';
import type { Hashes } from '../hashes.ts';
import type { AttributeCodec } from './attribute.ts';
import { crc32 } from './crc32.ts';
import { FINGERPRINT_XOR } from './fingerprint.ts';
import { HEADER_LENGTH, type MessageClass, messageType } from './message.ts';
import { AttributeType, MAGIC_COOKIE } from './registry.ts';

/**
 * Builds one message from front to back: attributes in the order of the calls, then integrity, then the fingerprint.
 *
 * ```ts
 * new MessageBuilder('request', Method.Allocate, transactionId).add(RequestedTransport, 17).integrity(key, hashes).build();
 * ```
 */
export class MessageBuilder {
  #bytes: Uint8Array;
  #length = HEADER_LENGTH;

  constructor(messageClass: MessageClass, method: number, transactionId: Uint8Array) {
    const bytes = takeRoom();
    writeUint16(messageType(messageClass, method), bytes, 0);
    writeUint32(MAGIC_COOKIE, bytes, 4);
    bytes.set(transactionId, 8);
    this.#bytes = bytes;
  }

  add<T>(codec: AttributeCodec<T>, value: T): this {
    const length = codec.length(value);
    const at = this.#reserve(codec.type, length);
    codec.write(value, this.#bytes, at);
    return this;
  }

  /** Adds the attribute only where there is a value. */
  addOptional<T>(codec: AttributeCodec<T>, value: T | undefined): this {
    return value === undefined ? this : this.add(codec, value);
  }

  /** An attribute that no codec knows, or one that is wrong on purpose. */
  addRaw(type: number, value: Uint8Array): this {
    const at = this.#reserve(type, value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** MESSAGE-INTEGRITY (RFC 8489 14.5): HMAC-SHA1 over all before it, the header's length counting it in. */
  integrity(key: Uint8Array, hashes: Hashes): this {
    return this.#mac(AttributeType.MessageIntegrity, 20, (data) => hashes.hmacSha1(key, data));
  }

  /** MESSAGE-INTEGRITY-SHA256 (RFC 8489 14.6), untruncated. */
  integritySha256(key: Uint8Array, hashes: Hashes): this {
    return this.#mac(AttributeType.MessageIntegritySha256, 32, (data) => hashes.hmacSha256(key, data));
  }

  /** FINGERPRINT (RFC 8489 14.7); nothing may follow. */
  fingerprint(): this {
    const covered = this.#length;
    const at = this.#reserve(AttributeType.Fingerprint, 4);
    this.#writeLength();
    const crc = (crc32(this.#bytes.subarray(0, covered)) ^ FINGERPRINT_XOR) >>> 0;
    writeUint32(crc, this.#bytes, at);
    return this;
  }

  /** The message: a view into a larger buffer, which is not written again. */
  build(): Uint8Array {
    this.#writeLength();
    const bytes = this.#bytes.subarray(0, this.#length);
    giveBack(this.#bytes, this.#length);
    // What is added from now on goes to a buffer of its own.
    this.#bytes = bytes;
    return bytes;
  }

  #mac(type: number, length: number, hash: (data: Uint8Array) => Uint8Array): this {
    const covered = this.#length;
    const at = this.#reserve(type, length);
    this.#writeLength();
    this.#bytes.set(hash(this.#bytes.subarray(0, covered)), at);
    return this;
  }

  /** Writes an attribute's header, makes room for its value and zero padding; the value's place. */
  #reserve(type: number, length: number): number {
    const at = this.#length;
    const end = at + 4 + length + ((4 - (length & 3)) & 3);
    // The header's length has 16 bits and is a multiple of four.
    if (end > HEADER_LENGTH + 0xfffc) throw new RangeError(`a STUN message cannot have ${end} bytes`);
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    writeUint16(type, this.#bytes, at);
    writeUint16(length, this.#bytes, at + 2);
    this.#length = end;
    return at + 4;
  }

  #writeLength(): void {
    writeUint16(this.#length - HEADER_LENGTH, this.#bytes, 2);
  }
}

// An array of its own would cost a message more than all the rest of its encoding, so messages are cut from slabs, as Node's
// Buffers are. A slab is written front to back, once: what is handed out is zero.
const SLAB_LENGTH = 16_384;
const ROOM = 128;
let slab = new Uint8Array(SLAB_LENGTH);
let used = 0;

function takeRoom(): Uint8Array {
  if (used + ROOM > SLAB_LENGTH) {
    slab = new Uint8Array(SLAB_LENGTH);
    used = 0;
  }
  used += ROOM;
  return slab.subarray(used - ROOM, used);
}

/** The end of a room that was not needed, if no other was taken since. */
function giveBack(room: Uint8Array, length: number): void {
  if (room.buffer === slab.buffer && room.byteOffset + room.length === used) {
    used = (room.byteOffset + length + 7) & ~7;
  }
}
