import { sameBytesConstantTime } from '../bytes.ts';
import type { Hashes } from '../hashes.ts';
import { HEADER_LENGTH, type RawAttribute, type StunMessage } from './message.ts';
import { AttributeType } from './registry.ts';

export type IntegrityVerdict = 'valid' | 'invalid' | 'absent';

/** MESSAGE-INTEGRITY over the received bytes (RFC 8489 14.5), the header's length set to end with the attribute. */
export function checkIntegrity(message: StunMessage, key: Uint8Array, hashes: Hashes): IntegrityVerdict {
  const attribute = message.find(AttributeType.MessageIntegrity);
  if (attribute === undefined) return 'absent';
  if (attribute.value.length !== 20) return 'invalid';
  return verdict(attribute.value, hashes.hmacSha1(key, coveredBytes(message, attribute)));
}

/** MESSAGE-INTEGRITY-SHA256 (RFC 8489 14.6): may be truncated to a multiple of 4, to 16 bytes at the least. */
export function checkIntegritySha256(message: StunMessage, key: Uint8Array, hashes: Hashes): IntegrityVerdict {
  const attribute = message.find(AttributeType.MessageIntegritySha256);
  if (attribute === undefined) return 'absent';
  const length = attribute.value.length;
  if (length < 16 || length > 32 || length % 4 !== 0) return 'invalid';
  return verdict(attribute.value, hashes.hmacSha256(key, coveredBytes(message, attribute)).subarray(0, length));
}

function coveredBytes(message: StunMessage, attribute: RawAttribute): Uint8Array {
  const covered = message.bytes.slice(0, attribute.offset);
  const length = attribute.offset - HEADER_LENGTH + 4 + attribute.value.length;
  covered[2] = length >> 8;
  covered[3] = length & 0xff;
  return covered;
}

function verdict(received: Uint8Array, computed: Uint8Array): IntegrityVerdict {
  return sameBytesConstantTime(received, computed) ? 'valid' : 'invalid';
}
