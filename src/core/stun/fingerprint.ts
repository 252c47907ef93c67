import { readUint32 } from '../bytes.ts';
import { crc32 } from './crc32.ts';
import type { StunMessage } from './message.ts';
import { AttributeType } from './registry.ts';

/** RFC 8489 14.7: tells the CRC from those of other protocols on the port. */
export const FINGERPRINT_XOR = 0x5354554e;

/** RFC 8489 14.7: over the message up to the attribute; it must be the last. */
export function checkFingerprint(message: StunMessage): 'valid' | 'invalid' | 'absent' {
  const attribute = message.find(AttributeType.Fingerprint);
  if (attribute === undefined) return 'absent';
  if (attribute.length !== 4 || attribute.offset + 8 !== message.bytes.length) return 'invalid';
  const expected = (crc32(message.bytes.subarray(0, attribute.offset)) ^ FINGERPRINT_XOR) >>> 0;
  return expected === readUint32(message.bytes, attribute.offset + 4) ? 'valid' : 'invalid';
}
