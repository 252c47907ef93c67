// The few shapes that nearly all attributes have, each a maker of codecs.

import { addressToBytes, bytesToAddress, type SocketAddress } from '../../address.ts';
import { fail, ok, type Result } from '../../result.ts';
import { decodeUtf8, encodeUtf8 } from '../../utf8.ts';
import type { AttributeCodec } from '../attribute.ts';

/** Bytes as they are. `length` fixes their number where the RFC does. */
export function opaque(type: number, name: string, length?: number): AttributeCodec<Uint8Array> {
  return {
    type,
    name,
    length: (value) => value.length,
    write: (value, target, offset) => target.set(value, offset),
    read: (bytes) => (length !== undefined && bytes.length !== length ? wrongLength(bytes, `${length}`) : ok(bytes)),
  };
}

/** UTF-8 text of at most `maxBytes` bytes: longer is malformed to a reader, but still shown by a decoder. */
export function text(type: number, name: string, maxBytes: number): AttributeCodec<string> {
  let last = '';
  let lastBytes: Uint8Array = new Uint8Array();
  // A client writes the same username, realm and nonce again and again: encoding once serves `length` and `write`.
  const encoded = (value: string): Uint8Array => {
    if (value !== last) {
      lastBytes = encodeUtf8(value);
      last = value;
    }
    return lastBytes;
  };
  return {
    type,
    name,
    length: (value) => encoded(value).length,
    write: (value, target, offset) => target.set(encoded(value), offset),
    read(bytes) {
      if (bytes.length > maxBytes) return fail(`${bytes.length} bytes, at most ${maxBytes} are allowed`);
      const value = decodeUtf8(bytes);
      return value === undefined ? fail('not UTF-8') : ok(value);
    },
  };
}

/** A number of 32 bits. */
export function uint32(type: number, name: string): AttributeCodec<number> {
  return {
    type,
    name,
    length: () => 4,
    write(value, target, offset) {
      target[offset] = value >>> 24;
      target[offset + 1] = (value >>> 16) & 0xff;
      target[offset + 2] = (value >>> 8) & 0xff;
      target[offset + 3] = value & 0xff;
    },
    read: (bytes) => (bytes.length === 4 ? ok(readUint32(bytes, 0)) : wrongLength(bytes, '4')),
  };
}

/** A number of 16 bits followed by two reserved bytes (RFFU). */
export function uint16(type: number, name: string): AttributeCodec<number> {
  return {
    type,
    name,
    length: () => 4,
    write(value, target, offset) {
      target[offset] = value >> 8;
      target[offset + 1] = value & 0xff;
    },
    read: (bytes) => (bytes.length === 4 ? ok(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) : wrongLength(bytes, '4')),
  };
}

/** A number of 8 bits followed by three reserved bytes. */
export function uint8(type: number, name: string): AttributeCodec<number> {
  return {
    type,
    name,
    length: () => 4,
    write(value, target, offset) {
      target[offset] = value;
    },
    read: (bytes) => (bytes.length === 4 ? ok(bytes[0] ?? 0) : wrongLength(bytes, '4')),
  };
}

/** A number of 64 bits (ICE tie-breakers), as its 8 bytes. */
export function uint64(type: number, name: string): AttributeCodec<Uint8Array> {
  return opaque(type, name, 8);
}

/** Present or not, without a value. */
export function flag(type: number, name: string): AttributeCodec<true> {
  return {
    type,
    name,
    length: () => 0,
    write: () => {},
    read: (bytes) => (bytes.length === 0 ? ok(true) : wrongLength(bytes, '0')),
  };
}

/** RFC 8489 14.1: family, port, address in the clear. */
export function address(type: number, name: string): AttributeCodec<SocketAddress> {
  return addressCodec(type, name, false);
}

/** RFC 8489 14.2: port and address XORed with the magic cookie and, for IPv6, the transaction id. */
export function xorAddress(type: number, name: string): AttributeCodec<SocketAddress> {
  return addressCodec(type, name, true);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}

/** The code in the third and fourth byte of ERROR-CODE and ADDRESS-ERROR-CODE: class 3 to 6, number 0 to 99. */
export function readErrorCode(bytes: Uint8Array): Result<number, string> {
  const hundreds = (bytes[2] ?? 0) & 7;
  const rest = bytes[3] ?? 0;
  if (hundreds < 3 || hundreds > 6 || rest > 99) return fail(`class ${hundreds} and number ${rest} make no error code`);
  return ok(hundreds * 100 + rest);
}

export function wrongLength(bytes: Uint8Array, expected: string) {
  return fail(`${bytes.length} bytes, expected ${expected}`);
}

const COOKIE = Uint8Array.of(0x21, 0x12, 0xa4, 0x42);

function addressCodec(type: number, name: string, xored: boolean): AttributeCodec<SocketAddress> {
  return {
    type,
    name,
    length: (value) => (value.family === 4 ? 8 : 20),
    write(value, target, offset, transactionId) {
      const bytes = addressToBytes(value.address);
      if (bytes === undefined) throw new TypeError(`not an IP address: ${value.address}`);
      target[offset] = 0;
      target[offset + 1] = value.family === 4 ? 1 : 2;
      target[offset + 2] = (value.port >> 8) ^ (xored ? 0x21 : 0);
      target[offset + 3] = (value.port & 0xff) ^ (xored ? 0x12 : 0);
      for (let i = 0; i < bytes.length; i++) {
        target[offset + 4 + i] = (bytes[i] ?? 0) ^ (xored ? maskByte(i, transactionId) : 0);
      }
    },
    read(bytes, transactionId) {
      if (bytes.length < 4) return wrongLength(bytes, '8 or 20');
      const family = bytes[1];
      if (family !== 1 && family !== 2) return fail(`address family ${family} is neither 1 (IPv4) nor 2 (IPv6)`);
      const length = family === 1 ? 4 : 16;
      if (bytes.length !== 4 + length) return wrongLength(bytes, `${4 + length} for IPv${family === 1 ? 4 : 6}`);
      const plain = bytes.slice(4);
      if (xored) for (let i = 0; i < length; i++) plain[i] = (plain[i] ?? 0) ^ maskByte(i, transactionId);
      const port = (((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)) ^ (xored ? 0x2112 : 0);
      return ok({ family: family === 1 ? 4 : 6, address: bytesToAddress(plain), port });
    },
  };
}

function maskByte(i: number, transactionId: Uint8Array): number {
  return (i < 4 ? COOKIE[i] : transactionId[i - 4]) ?? 0;
}
