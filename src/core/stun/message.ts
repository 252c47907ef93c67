import { plainView, readUint16, readUint32 } from '../bytes.ts';
import { fail, ok, type Result } from '../result.ts';
import type { AttributeCodec } from './attribute.ts';
import { AttributeType, MAGIC_COOKIE } from './registry.ts';

export type MessageClass = 'request' | 'indication' | 'success' | 'error';

export const HEADER_LENGTH = 20;

/** One attribute as it stood on the wire. */
export class RawAttribute {
  readonly type: number;
  /** Where its four-byte header begins in the message. */
  readonly offset: number;
  /** Bytes of the value, without header and padding. */
  readonly length: number;
  readonly #message: Uint8Array;

  constructor(type: number, offset: number, length: number, message: Uint8Array) {
    this.type = type;
    this.offset = offset;
    this.length = length;
    this.#message = message;
  }

  /** A view into the message. Made when asked for, because most values are read in their place by a codec. */
  get value(): Uint8Array {
    return this.#message.subarray(this.offset + 4, this.offset + 4 + this.length);
  }
}

export type DecodeErrorCode =
  | 'too-short'
  | 'not-stun'
  | 'bad-cookie'
  | 'unaligned-length'
  | 'length-mismatch'
  | 'attribute-overruns';

/** Why bytes are no STUN message, and at which byte that shows. */
export interface DecodeError {
  readonly code: DecodeErrorCode;
  readonly offset: number;
  readonly message: string;
}

/**
 * A decoded message. Lossless: every attribute in order, duplicates and unknown ones too, with its place; `bytes` are the
 * received ones (integrity is checked over them, never over a re-encoding: RFC 5769's padding is not zero).
 */
export class StunMessage {
  readonly class: MessageClass;
  readonly method: number;
  readonly attributes: readonly RawAttribute[];
  readonly bytes: Uint8Array;

  constructor(messageClass: MessageClass, method: number, attributes: readonly RawAttribute[], bytes: Uint8Array) {
    this.class = messageClass;
    this.method = method;
    this.attributes = attributes;
    this.bytes = bytes;
  }

  /** 12 bytes, a view into the message. */
  get transactionId(): Uint8Array {
    return this.bytes.subarray(8, HEADER_LENGTH);
  }

  /**
   * The first attribute of a type that counts. RFC 8489 14: of duplicates only the first is considered; 14.5 and 14.6:
   * what follows MESSAGE-INTEGRITY is ignored, but for MESSAGE-INTEGRITY-SHA256 and FINGERPRINT.
   */
  find(type: number): RawAttribute | undefined {
    let protectedBy = 0;
    for (const attribute of this.attributes) {
      const counts =
        protectedBy === 0 ||
        attribute.type === AttributeType.Fingerprint ||
        (protectedBy === AttributeType.MessageIntegrity && attribute.type === AttributeType.MessageIntegritySha256);
      if (!counts) continue;
      if (attribute.type === type) return attribute;
      if (
        attribute.type === AttributeType.MessageIntegrity ||
        attribute.type === AttributeType.MessageIntegritySha256
      ) {
        protectedBy = attribute.type;
      }
    }
    return undefined;
  }

  has(codec: { readonly type: number }): boolean {
    return this.find(codec.type) !== undefined;
  }

  /** The value of the first attribute of that kind, undefined where it is absent or malformed ({@link read} tells which). */
  get<T>(codec: AttributeCodec<T>): T | undefined {
    const result = this.read(codec);
    return result?.ok === true ? result.value : undefined;
  }

  /** The value, or what is wrong with it; undefined where the attribute is absent. */
  read<T>(codec: AttributeCodec<T>): Result<T, string> | undefined {
    const attribute = this.find(codec.type);
    return attribute === undefined ? undefined : codec.read(this.bytes, attribute.offset + 4, attribute.length);
  }

  /** Every value of that kind in order, malformed ones left out (XOR-PEER-ADDRESS stands several times in CreatePermission). */
  all<T>(codec: AttributeCodec<T>): T[] {
    const values: T[] = [];
    for (const attribute of this.attributes) {
      if (attribute.type === AttributeType.MessageIntegrity || attribute.type === AttributeType.MessageIntegritySha256)
        break;
      if (attribute.type !== codec.type) continue;
      const result = codec.read(this.bytes, attribute.offset + 4, attribute.length);
      if (result.ok) values.push(result.value);
    }
    return values;
  }
}

/** RFC 8489 5: two zero bits and the magic cookie tell STUN from ChannelData and other protocols on a port. */
export function looksLikeStun(bytes: Uint8Array): boolean {
  return (
    bytes.length >= HEADER_LENGTH &&
    (bytes[0] ?? 0xff) < 0x40 &&
    bytes[4] === 0x21 &&
    bytes[5] === 0x12 &&
    bytes[6] === 0xa4 &&
    bytes[7] === 0x42
  );
}

/** RFC 8489 5 and 14. The bytes must be exactly one message; `core/stun/framing` cuts streams into such pieces. */
export function decodeMessage(received: Uint8Array): Result<StunMessage, DecodeError> {
  const bytes = plainView(received);
  if (bytes.length < HEADER_LENGTH) {
    return failure('too-short', bytes.length, `a STUN header has 20 bytes, here are ${bytes.length}`);
  }
  const b0 = bytes[0] ?? 0;
  const b1 = bytes[1] ?? 0;
  if (b0 >= 0x40) return failure('not-stun', 0, 'the two most significant bits of a STUN message are zero');
  if (readUint32(bytes, 4) !== MAGIC_COOKIE) return failure('bad-cookie', 4, 'the magic cookie 2112a442 is missing');
  const length = readUint16(bytes, 2);
  if (length % 4 !== 0) return failure('unaligned-length', 2, `the length ${length} is no multiple of 4`);
  if (length !== bytes.length - HEADER_LENGTH) {
    return failure(
      'length-mismatch',
      2,
      `the header says ${length} bytes follow it, ${bytes.length - HEADER_LENGTH} do`,
    );
  }
  const attributes: RawAttribute[] = [];
  for (let at = HEADER_LENGTH; at < bytes.length; ) {
    // The length is a multiple of 4 and so is each step: four bytes are there.
    const valueLength = readUint16(bytes, at + 2);
    const end = at + 4 + valueLength;
    if (end > bytes.length) {
      return failure(
        'attribute-overruns',
        at,
        `an attribute says it has ${valueLength} bytes, ${bytes.length - at - 4} are left`,
      );
    }
    attributes.push(new RawAttribute(readUint16(bytes, at), at, valueLength, bytes));
    at = end + ((4 - (valueLength & 3)) & 3);
  }
  return ok(new StunMessage(classOf(b0, b1), methodOf(b0, b1), attributes, bytes));
}

const CLASS_BITS: Readonly<Record<MessageClass, number>> = {
  request: 0x000,
  indication: 0x010,
  success: 0x100,
  error: 0x110,
};

/** RFC 8489 5, figure 3: the method's twelve bits with the two of the class between them. */
export function messageType(messageClass: MessageClass, method: number): number {
  return ((method & 0xf80) << 2) | ((method & 0x070) << 1) | (method & 0x00f) | CLASS_BITS[messageClass];
}

function classOf(b0: number, b1: number): MessageClass {
  if ((b0 & 1) === 0) return (b1 & 0x10) === 0 ? 'request' : 'indication';
  return (b1 & 0x10) === 0 ? 'success' : 'error';
}

function methodOf(b0: number, b1: number): number {
  return ((b0 & 0x3e) << 6) | ((b1 & 0xe0) >> 1) | (b1 & 0x0f);
}

function failure(code: DecodeErrorCode, offset: number, message: string) {
  return fail<DecodeError>({ code, offset, message });
}
