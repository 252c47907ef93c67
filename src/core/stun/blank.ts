import { crc32 } from './crc32.ts';
import { FINGERPRINT_XOR } from './fingerprint.ts';
import { decodeMessage } from './message.ts';
import { AttributeType } from './registry.ts';

/**
 * A message whose integrity values are zeroed, so that it can be shown: with user name and realm, which stand in clear, a
 * MAC lets anybody try passwords against it, and so does a FINGERPRINT over it, which is made anew. Where there is no
 * integrity, and where the bytes are no message, they come back as they are.
 */
export function blankIntegrity(bytes: Uint8Array): Uint8Array {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) return bytes;
  const { attributes } = decoded.value;
  const macs = attributes.filter(({ type }) => MACS.has(type));
  if (macs.length === 0) return bytes;
  const blanked = bytes.slice();
  for (const { offset, length } of macs) blanked.fill(0, offset + 4, offset + 4 + length);
  for (const { type, offset, length } of attributes) {
    if (type !== AttributeType.Fingerprint) continue;
    blanked.fill(0, offset + 4, offset + 4 + length);
    if (length !== 4) continue;
    const crc = (crc32(blanked.subarray(0, offset)) ^ FINGERPRINT_XOR) >>> 0;
    new DataView(blanked.buffer, blanked.byteOffset).setUint32(offset + 4, crc);
  }
  return blanked;
}

/** Whether the integrity of a message was taken out by {@link blankIntegrity}: no HMAC is all zeros. */
export function isBlankedValue(value: Uint8Array): boolean {
  return value.length > 0 && value.every((byte) => byte === 0);
}

const MACS: ReadonlySet<number> = new Set<number>([
  AttributeType.MessageIntegrity,
  AttributeType.MessageIntegritySha256,
  // libwebrtc's four bytes of HMAC-SHA1: few, but enough to tell a wrong guess.
  0xc060,
]);
