// The few shapes that nearly all attributes have, each a maker of codecs.

import { readAddress, type SocketAddress, writeAddress } from '../../address.ts';
import { readUint16, readUint32, writeUint16, writeUint32 } from '../../bytes.ts';
import { fail, ok, type Result } from '../../result.ts';
import { decodeUtf8, showUtf8, utf8Length, writeUtf8 } from '../../utf8.ts';
import type { AttributeCodec } from '../attribute.ts';

export interface StunError {
  /** 300 to 699. */
  readonly code: number;
  readonly reason: string;
}

/** Bytes as they are, a view into the message. `length` fixes their number where the RFC does. */
export function opaque(type: number, name: string, expected?: number): AttributeCodec<Uint8Array> {
  return {
    type,
    name,
    length: (value) => value.length,
    write: (value, message, offset) => message.set(value, offset),
    read(message, offset, length) {
      if (expected !== undefined && length !== expected) return wrongLength(length, `${expected}`);
      return ok(message.subarray(offset, offset + length));
    },
  };
}

/** UTF-8 text of at most `maxBytes` bytes: longer is malformed to a reader, but can be written. */
export function text(type: number, name: string, maxBytes: number): AttributeCodec<string> {
  return {
    type,
    name,
    length: utf8Length,
    write: writeUtf8,
    read(message, offset, length) {
      if (length > maxBytes) return fail(`${length} bytes, at most ${maxBytes} are allowed`);
      const value = decodeUtf8(message.subarray(offset, offset + length));
      return value === undefined ? fail('not UTF-8') : ok(value);
    },
  };
}

/** A number of 32 bits. */
export function uint32(type: number, name: string): AttributeCodec<number> {
  return fourBytes(type, name, writeUint32, readUint32);
}

/** A number of 16 bits followed by two reserved bytes (RFFU). */
export function uint16(type: number, name: string): AttributeCodec<number> {
  return fourBytes(type, name, writeUint16, readUint16);
}

/** A number of 8 bits followed by three reserved bytes. */
export function uint8(type: number, name: string): AttributeCodec<number> {
  return fourBytes(
    type,
    name,
    (value, message, offset) => {
      message[offset] = value;
    },
    (message, offset) => message[offset] ?? 0,
  );
}

/** Four bytes that always mean something. */
export function fourBytes<T>(
  type: number,
  name: string,
  write: (value: T, message: Uint8Array, offset: number) => void,
  read: (message: Uint8Array, offset: number) => T,
): AttributeCodec<T> {
  return {
    type,
    name,
    length: () => 4,
    write,
    read: (message, offset, length) => (length === 4 ? ok(read(message, offset)) : wrongLength(length, '4')),
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
    read: (_, __, length) => (length === 0 ? ok(true) : wrongLength(length, '0')),
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

/** What ERROR-CODE and ADDRESS-ERROR-CODE share: the hundreds in three bits, the rest in a byte, then the reason phrase. */
export function errorLength(reason: string): number {
  return 4 + utf8Length(reason);
}

export function writeError(code: number, reason: string, message: Uint8Array, offset: number): void {
  message[offset + 2] = Math.trunc(code / 100);
  message[offset + 3] = code % 100;
  writeUtf8(reason, message, offset + 4);
}

/** RFC 8489 14.8: class 3 to 6, number 0 to 99. A reason that is not UTF-8 is shown as far as it goes. */
export function readError(message: Uint8Array, offset: number, length: number): Result<StunError, string> {
  if (length < 4) return wrongLength(length, 'at least 4');
  const hundreds = (message[offset + 2] ?? 0) & 7;
  const rest = message[offset + 3] ?? 0;
  if (hundreds < 3 || hundreds > 6 || rest > 99) return fail(`class ${hundreds} and number ${rest} make no error code`);
  return ok({ code: hundreds * 100 + rest, reason: showUtf8(message.subarray(offset + 4, offset + length)) });
}

export function wrongLength(length: number, expected: string) {
  return fail(`${length} bytes, expected ${expected}`);
}

function addressCodec(type: number, name: string, xored: boolean): AttributeCodec<SocketAddress> {
  return {
    type,
    name,
    length: (value) => (value.family === 4 ? 8 : 20),
    write(value, message, offset) {
      const { family, address, port } = value;
      const length = writeAddress(address, message, offset + 4);
      if (length !== (family === 4 ? 4 : 16)) throw new TypeError(`no IPv${family} address: ${address}`);
      message[offset + 1] = family === 4 ? 1 : 2;
      writeUint16(xored ? port ^ COOKIE_HIGH : port, message, offset + 2);
      // RFC 8489 14.2: the mask is the magic cookie and the transaction id, which stand in this order in the header.
      if (xored)
        for (let i = 0; i < length; i++)
          message[offset + 4 + i] = (message[offset + 4 + i] ?? 0) ^ (message[4 + i] ?? 0);
    },
    read(message, offset, length) {
      if (length < 4) return wrongLength(length, '8 or 20');
      const family = message[offset + 1];
      if (family !== 1 && family !== 2) return fail(`address family ${family} is neither 1 (IPv4) nor 2 (IPv6)`);
      const size = family === 1 ? 4 : 16;
      if (length !== 4 + size) return wrongLength(length, `${4 + size} for IPv${family === 1 ? 4 : 6}`);
      const port = readUint16(message, offset + 2);
      if (!xored) return ok({ family: family === 1 ? 4 : 6, address: readAddress(message, offset + 4, size), port });
      for (let i = 0; i < size; i++) unmasked[i] = (message[offset + 4 + i] ?? 0) ^ (message[4 + i] ?? 0);
      return ok({ family: family === 1 ? 4 : 6, address: readAddress(unmasked, 0, size), port: port ^ COOKIE_HIGH });
    },
  };
}

const COOKIE_HIGH = 0x2112;
const unmasked = new Uint8Array(16);
