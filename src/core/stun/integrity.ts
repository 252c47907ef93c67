import { readUint16, sameBytesConstantTime, writeUint16 } from '../bytes.ts';
import type { Hashes } from '../hashes.ts';
import { HEADER_LENGTH, type RawAttribute, type StunMessage } from './message.ts';
import { AttributeType } from './registry.ts';

export type IntegrityVerdict = 'valid' | 'invalid' | 'absent';

/** MESSAGE-INTEGRITY over the received bytes (RFC 8489 14.5), the header's length set to end with the attribute. */
export function checkIntegrity(message: StunMessage, key: Uint8Array, hashes: Hashes): IntegrityVerdict {
  const attribute = message.find(AttributeType.MessageIntegrity);
  if (attribute === undefined) return 'absent';
  if (attribute.length !== 20) return 'invalid';
  return verdict(
    attribute.value,
    hashCovered(message, attribute, (data) => hashes.hmacSha1(key, data)),
  );
}

/** MESSAGE-INTEGRITY-SHA256 (RFC 8489 14.6): may be truncated to a multiple of 4, to 16 bytes at the least. */
export function checkIntegritySha256(message: StunMessage, key: Uint8Array, hashes: Hashes): IntegrityVerdict {
  const attribute = message.find(AttributeType.MessageIntegritySha256);
  if (attribute === undefined) return 'absent';
  const { length } = attribute;
  if (length < 16 || length > 32 || length % 4 !== 0) return 'invalid';
  const computed = hashCovered(message, attribute, (data) => hashes.hmacSha256(key, data));
  return verdict(attribute.value, computed.subarray(0, length));
}

/**
 * What the HMAC covers: all bytes before the attribute, with the header's length ending there. The two bytes of that length
 * are put in place for the time of the hashing, which saves a copy of the message.
 */
function hashCovered(
  message: StunMessage,
  attribute: RawAttribute,
  hash: (data: Uint8Array) => Uint8Array,
): Uint8Array {
  const { bytes } = message;
  const whole = readUint16(bytes, 2);
  writeUint16(attribute.offset - HEADER_LENGTH + 4 + attribute.length, bytes, 2);
  try {
    return hash(bytes.subarray(0, attribute.offset));
  } finally {
    writeUint16(whole, bytes, 2);
  }
}

function verdict(received: Uint8Array, computed: Uint8Array): IntegrityVerdict {
  return sameBytesConstantTime(received, computed) ? 'valid' : 'invalid';
}
