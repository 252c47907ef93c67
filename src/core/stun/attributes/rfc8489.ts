import { readUint16, writeUint16 } from '../../bytes.ts';
import { fail, ok } from '../../result.ts';
import type { AttributeCodec } from '../attribute.ts';
import { AttributeType } from '../registry.ts';
import {
  address,
  errorLength,
  opaque,
  readError,
  type StunError,
  text,
  uint32,
  writeError,
  wrongLength,
  xorAddress,
} from './kinds.ts';

export type { StunError } from './kinds.ts';

// RFC 8489 14: the limits are those of the RFC in bytes (763 = 127 characters of up to six bytes, and one more).
export const MappedAddress = address(AttributeType.MappedAddress, 'MAPPED-ADDRESS');
export const XorMappedAddress = xorAddress(AttributeType.XorMappedAddress, 'XOR-MAPPED-ADDRESS');
export const Username = text(AttributeType.Username, 'USERNAME', 513);
export const Userhash = opaque(AttributeType.Userhash, 'USERHASH', 32);
export const MessageIntegrity = opaque(AttributeType.MessageIntegrity, 'MESSAGE-INTEGRITY', 20);
export const MessageIntegritySha256 = opaque(AttributeType.MessageIntegritySha256, 'MESSAGE-INTEGRITY-SHA256');
export const Fingerprint = uint32(AttributeType.Fingerprint, 'FINGERPRINT');
export const Realm = text(AttributeType.Realm, 'REALM', 763);
export const Nonce = text(AttributeType.Nonce, 'NONCE', 763);
export const Software = text(AttributeType.Software, 'SOFTWARE', 763);
export const AlternateServer = address(AttributeType.AlternateServer, 'ALTERNATE-SERVER');
export const AlternateDomain = text(AttributeType.AlternateDomain, 'ALTERNATE-DOMAIN', 255);

/** RFC 8489 14.8. */
export const ErrorCodeAttribute: AttributeCodec<StunError> = {
  type: AttributeType.ErrorCode,
  name: 'ERROR-CODE',
  length: (value) => errorLength(value.reason),
  write: (value, message, offset) => writeError(value.code, value.reason, message, offset),
  read: readError,
};

/** RFC 8489 14.9: the types that the server did not understand. */
export const UnknownAttributes: AttributeCodec<readonly number[]> = {
  type: AttributeType.UnknownAttributes,
  name: 'UNKNOWN-ATTRIBUTES',
  length: (value) => 2 * value.length,
  write(value, message, offset) {
    for (const [i, type] of value.entries()) writeUint16(type, message, offset + 2 * i);
  },
  read(message, offset, length) {
    if (length % 2 !== 0) return wrongLength(length, 'an even number');
    const types: number[] = [];
    for (let at = offset; at < offset + length; at += 2) types.push(readUint16(message, at));
    return ok(types);
  },
};

/** RFC 8489 18.5: the password algorithms that are registered. */
export const PasswordAlgorithmNumber = { MD5: 1, SHA256: 2 } as const;

export interface PasswordAlgorithmValue {
  readonly algorithm: number;
  readonly parameters: Uint8Array;
}

/** RFC 8489 14.12. */
export const PasswordAlgorithm: AttributeCodec<PasswordAlgorithmValue> = {
  type: AttributeType.PasswordAlgorithm,
  name: 'PASSWORD-ALGORITHM',
  length: algorithmLength,
  write(value, message, offset) {
    writeAlgorithm(value, message, offset);
  },
  read(message, offset, length) {
    const list = readAlgorithms(message, offset, length);
    const [only] = list ?? [];
    return only === undefined || list?.length !== 1 ? fail('not exactly one algorithm') : ok(only);
  },
};

/** RFC 8489 14.11: what the server offers, in its order of preference. */
export const PasswordAlgorithms: AttributeCodec<readonly PasswordAlgorithmValue[]> = {
  type: AttributeType.PasswordAlgorithms,
  name: 'PASSWORD-ALGORITHMS',
  length: (value) => value.reduce((sum, algorithm) => sum + algorithmLength(algorithm), 0),
  write(value, message, offset) {
    let at = offset;
    for (const algorithm of value) at += writeAlgorithm(algorithm, message, at);
  },
  read(message, offset, length) {
    const list = readAlgorithms(message, offset, length);
    return list === undefined ? fail('an algorithm overruns the attribute') : ok(list);
  },
};

function algorithmLength(value: PasswordAlgorithmValue): number {
  return 4 + ((value.parameters.length + 3) & ~3);
}

function writeAlgorithm(value: PasswordAlgorithmValue, message: Uint8Array, at: number): number {
  writeUint16(value.algorithm, message, at);
  writeUint16(value.parameters.length, message, at + 2);
  message.set(value.parameters, at + 4);
  return algorithmLength(value);
}

function readAlgorithms(message: Uint8Array, offset: number, length: number): PasswordAlgorithmValue[] | undefined {
  const end = offset + length;
  const list: PasswordAlgorithmValue[] = [];
  for (let at = offset; at < end; ) {
    if (at + 4 > end) return undefined;
    const size = readUint16(message, at + 2);
    if (at + 4 + size > end) return undefined;
    list.push({ algorithm: readUint16(message, at), parameters: message.subarray(at + 4, at + 4 + size) });
    at += 4 + ((size + 3) & ~3);
  }
  return list;
}
