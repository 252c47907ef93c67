import type { Hashes } from '../hashes.ts';
import type { AttributeCodec } from './attribute.ts';
import { crc32 } from './crc32.ts';
import { FINGERPRINT_XOR } from './fingerprint.ts';
import { HEADER_LENGTH, type MessageClass, messageType } from './message.ts';
import { AttributeType } from './registry.ts';

/**
 * Builds one message from front to back: attributes in the order of the calls, then integrity, then the fingerprint.
 *
 * ```ts
 * new MessageBuilder('request', Method.Allocate, transactionId).add(RequestedTransport, 17).integrity(key, hashes).build();
 * ```
 */
export class MessageBuilder {
  readonly #transactionId: Uint8Array;
  #bytes: Uint8Array;
  #length = HEADER_LENGTH;

  constructor(messageClass: MessageClass, method: number, transactionId: Uint8Array) {
    this.#transactionId = transactionId;
    const bytes = new Uint8Array(128);
    const type = messageType(messageClass, method);
    bytes[0] = type >> 8;
    bytes[1] = type & 0xff;
    bytes[4] = 0x21;
    bytes[5] = 0x12;
    bytes[6] = 0xa4;
    bytes[7] = 0x42;
    bytes.set(transactionId, 8);
    this.#bytes = bytes;
  }

  add<T>(codec: AttributeCodec<T>, value: T): this {
    const length = codec.length(value);
    const at = this.#reserve(codec.type, length);
    codec.write(value, this.#bytes, at, this.#transactionId);
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
    this.#bytes[at] = crc >>> 24;
    this.#bytes[at + 1] = (crc >>> 16) & 0xff;
    this.#bytes[at + 2] = (crc >>> 8) & 0xff;
    this.#bytes[at + 3] = crc & 0xff;
    return this;
  }

  build(): Uint8Array {
    this.#writeLength();
    return this.#bytes.subarray(0, this.#length);
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
    this.#bytes[at] = type >> 8;
    this.#bytes[at + 1] = type & 0xff;
    this.#bytes[at + 2] = length >> 8;
    this.#bytes[at + 3] = length & 0xff;
    this.#length = end;
    return at + 4;
  }

  #writeLength(): void {
    const length = this.#length - HEADER_LENGTH;
    this.#bytes[2] = length >> 8;
    this.#bytes[3] = length & 0xff;
  }
}
