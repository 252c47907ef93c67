import { addressToBytes } from '../../core/address.ts';

// The little of ASN.1's distinguished encoding (X.690) that a certificate is made of.

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tagged(TAG.sequence, Buffer.concat(parts));
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return tagged(TAG.set, Buffer.concat(parts));
}

/** `[number]`, constructed, around whole values. */
export function explicit(number: number, ...parts: readonly Uint8Array[]): Buffer {
  return tagged(0xa0 | number, Buffer.concat(parts));
}

/** `[number]`, primitive, in the place of the value's own tag. */
export function implicit(number: number, value: Uint8Array): Buffer {
  return tagged(0x80 | number, value);
}

export function boolean(value: boolean): Buffer {
  return tagged(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
}

/** Of bytes in network order, not negative. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const shortest = bytes.subarray(start);
  return tagged(TAG.integer, (shortest[0] ?? 0) >= 0x80 ? Buffer.concat([Uint8Array.of(0), shortest]) : shortest);
}

/** `unusedBits`: how many of the last byte do not count. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return tagged(TAG.bitString, Buffer.concat([Uint8Array.of(unusedBits), bytes]));
}

export function octetString(bytes: Uint8Array): Buffer {
  return tagged(TAG.octetString, bytes);
}

/** `2.5.4.3`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
    bytes.push(...digits);
  }
  return tagged(TAG.objectIdentifier, Uint8Array.from(bytes));
}

export function utf8String(text: string): Buffer {
  return tagged(TAG.utf8String, Buffer.from(text, 'utf8'));
}

/** RFC 5280 4.1.2.5: UTCTime up to 2049, GeneralizedTime from then on; seconds, UTC. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  if (date.getUTCFullYear() >= 2050) return tagged(TAG.generalizedTime, Buffer.from(`${digits}Z`, 'ascii'));
  return tagged(TAG.utcTime, Buffer.from(`${digits.slice(2)}Z`, 'ascii'));
}

/** RFC 5280 4.2.1.6: an IP address or a DNS name as a GeneralName. */
export function generalName(name: string): Buffer {
  const address = addressToBytes(name);
  return address === undefined ? implicit(2, Buffer.from(name, 'ascii')) : implicit(7, address);
}

function tagged(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(tag), length(content.length), content]);
}

function length(value: number): Uint8Array {
  if (value < 0x80) return Uint8Array.of(value);
  const bytes: number[] = [];
  for (let left = value; left > 0; left >>>= 8) bytes.unshift(left & 0xff);
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
}
