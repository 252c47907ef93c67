import { fail, ok } from '../../result.ts';
import { encodeUtf8, showUtf8 } from '../../utf8.ts';
import type { AttributeCodec } from '../attribute.ts';
import { AttributeType } from '../registry.ts';
import { address, opaque, readErrorCode, text, uint32, wrongLength, xorAddress } from './kinds.ts';

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

export interface StunError {
  /** 300 to 699. */
  readonly code: number;
  readonly reason: string;
}

/** RFC 8489 14.8: the hundreds in three bits, the rest in a byte, then the reason phrase. */
export const ErrorCodeAttribute: AttributeCodec<StunError> = {
  type: AttributeType.ErrorCode,
  name: 'ERROR-CODE',
  length: (value) => 4 + encodeUtf8(value.reason).length,
  write(value, target, offset) {
    target[offset + 2] = Math.trunc(value.code / 100);
    target[offset + 3] = value.code % 100;
    target.set(encodeUtf8(value.reason), offset + 4);
  },
  read(bytes) {
    if (bytes.length < 4) return wrongLength(bytes, 'at least 4');
    const code = readErrorCode(bytes);
    return code.ok ? ok({ code: code.value, reason: showUtf8(bytes.subarray(4)) }) : code;
  },
};

/** RFC 8489 14.9: the types that the server did not understand. */
export const UnknownAttributes: AttributeCodec<readonly number[]> = {
  type: AttributeType.UnknownAttributes,
  name: 'UNKNOWN-ATTRIBUTES',
  length: (value) => 2 * value.length,
  write(value, target, offset) {
    value.forEach((type, i) => {
      target[offset + 2 * i] = type >> 8;
      target[offset + 2 * i + 1] = type & 0xff;
    });
  },
  read(bytes) {
    if (bytes.length % 2 !== 0) return wrongLength(bytes, 'an even number');
    const types: number[] = [];
    for (let i = 0; i < bytes.length; i += 2) types.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
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
  length: (value) => algorithmLength(value),
  write: (value, target, offset) => {
    writeAlgorithm(value, target, offset);
  },
  read(bytes) {
    const list = readAlgorithms(bytes);
    const [only] = list ?? [];
    return only === undefined || list?.length !== 1 ? fail('not exactly one algorithm') : ok(only);
  },
};

/** RFC 8489 14.11: what the server offers, in its order of preference. */
export const PasswordAlgorithms: AttributeCodec<readonly PasswordAlgorithmValue[]> = {
  type: AttributeType.PasswordAlgorithms,
  name: 'PASSWORD-ALGORITHMS',
  length: (value) => value.reduce((sum, algorithm) => sum + algorithmLength(algorithm), 0),
  write(value, target, offset) {
    let at = offset;
    for (const algorithm of value) at += writeAlgorithm(algorithm, target, at);
  },
  read(bytes) {
    const list = readAlgorithms(bytes);
    return list === undefined ? fail('an algorithm overruns the attribute') : ok(list);
  },
};

function algorithmLength(value: PasswordAlgorithmValue): number {
  return 4 + Math.ceil(value.parameters.length / 4) * 4;
}

function writeAlgorithm(value: PasswordAlgorithmValue, target: Uint8Array, at: number): number {
  target[at] = value.algorithm >> 8;
  target[at + 1] = value.algorithm & 0xff;
  target[at + 2] = value.parameters.length >> 8;
  target[at + 3] = value.parameters.length & 0xff;
  target.set(value.parameters, at + 4);
  return algorithmLength(value);
}

function readAlgorithms(bytes: Uint8Array): PasswordAlgorithmValue[] | undefined {
  const list: PasswordAlgorithmValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return undefined;
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    if (at + 4 + length > bytes.length) return undefined;
    list.push({
      algorithm: ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0),
      parameters: bytes.subarray(at + 4, at + 4 + length),
    });
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return list;
}
