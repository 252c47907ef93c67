import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/bytes.ts';
import { Secret } from '../../../src/core/secret.ts';
import {
  IceControlled,
  Nonce,
  PasswordAlgorithm,
  Priority,
  Realm,
  Software,
  Userhash,
  Username,
  XorMappedAddress,
} from '../../../src/core/stun/attributes.ts';
import { longTermKey, shortTermKey, userhash } from '../../../src/core/stun/credentials.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { checkFingerprint } from '../../../src/core/stun/fingerprint.ts';
import { checkIntegrity, checkIntegritySha256 } from '../../../src/core/stun/integrity.ts';
import { decodeMessage, type StunMessage } from '../../../src/core/stun/message.ts';
import { readNonceCookie } from '../../../src/core/stun/nonce-cookie.ts';
import { AttributeType, Method } from '../../../src/core/stun/registry.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';
import { readHex } from '../../support/fixtures.ts';

function message(name: string): StunMessage {
  const result = decodeMessage(readHex(`stun/${name}.hex`));
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const shortTerm = shortTermKey(new Secret('VOkJxbRl1RmTxUk/WvJxBt'));
const matrix = '\u30de\u30c8\u30ea\u30c3\u30af\u30b9';

describe('RFC 5769', () => {
  it('2.1: request', () => {
    const request = message('rfc5769-2.1-request');
    expect(request).toMatchObject({ class: 'request', method: Method.Binding });
    expect(toHex(request.transactionId)).toBe('b7e7a701bc34d686fa87dfae');
    expect(request.get(Software)).toBe('STUN test client');
    expect(request.get(Priority)).toBe(0x6e0001ff);
    expect(toHex(request.get(IceControlled) ?? request.bytes)).toBe('932ff9b151263b36');
    expect(request.get(Username)).toBe('evtj:h6vY');
    expect(checkIntegrity(request, shortTerm, nodeHashes)).toBe('valid');
    expect(checkIntegrity(request, shortTermKey(new Secret('wrong')), nodeHashes)).toBe('invalid');
    expect(checkFingerprint(request)).toBe('valid');
  });

  it.each([
    ['2.2', 'rfc5769-2.2-response-ipv4', { family: 4, address: '192.0.2.1', port: 32853 }],
    ['2.3', 'rfc5769-2.3-response-ipv6', { family: 6, address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32853 }],
  ])('%s: %s', (_, name, address) => {
    const response = message(name);
    expect(response.class).toBe('success');
    expect(response.get(Software)).toBe('test vector');
    expect(response.get(XorMappedAddress)).toEqual(address);
    expect(checkIntegrity(response, shortTerm, nodeHashes)).toBe('valid');
    expect(checkFingerprint(response)).toBe('valid');
  });

  it('2.4: long-term credentials, the password prepared by SASLprep', () => {
    const request = message('rfc5769-2.4-request-long-term');
    expect(request.get(Username)).toBe(matrix);
    expect(request.get(Nonce)).toBe('f//499k954d6OL34oL9FSTvy64sA');
    expect(request.get(Realm)).toBe('example.org');
    for (const password of ['The\u00adM\u00aatr\u2168', 'TheMatrIX']) {
      const key = longTermKey(matrix, 'example.org', new Secret(password), 'MD5', nodeHashes);
      expect(checkIntegrity(request, key, nodeHashes)).toBe('valid');
    }
    expect(checkFingerprint(request)).toBe('absent');
  });

  it('2.4 is what the encoder makes of it', () => {
    const request = message('rfc5769-2.4-request-long-term');
    const key = longTermKey(matrix, 'example.org', new Secret('TheMatrIX'), 'MD5', nodeHashes);
    const built = new MessageBuilder('request', Method.Binding, request.transactionId)
      .add(Username, matrix)
      .add(Nonce, 'f//499k954d6OL34oL9FSTvy64sA')
      .add(Realm, 'example.org')
      .integrity(key, nodeHashes)
      .build();
    expect(toHex(built)).toBe(toHex(request.bytes));
  });
});

describe('RFC 8489 B.1', () => {
  // The RFC calls TheMatrIX the OpaqueString of a password that RFC 8265 would leave as it is; only SASLprep changes it.
  const key = longTermKey(matrix, 'example.org', new Secret('TheMatrIX'), 'SHA-256', nodeHashes);

  it('as erratum 6268 has it', () => {
    const request = message('rfc8489-b.1-request-sha256');
    expect(toHex(request.get(Userhash) ?? request.bytes)).toBe(toHex(userhash(matrix, 'example.org', nodeHashes)));
    expect(request.get(Nonce)).toBe('obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA');
    expect(readNonceCookie(request.get(Nonce) ?? '')).toEqual({ passwordAlgorithms: false, usernameAnonymity: true });
    expect(request.get(Realm)).toBe('example.org');
    expect(request.get(PasswordAlgorithm)).toMatchObject({ algorithm: 2 });
    expect(checkIntegritySha256(request, key, nodeHashes)).toBe('valid');
    expect(checkIntegritySha256(request, shortTerm, nodeHashes)).toBe('invalid');
  });

  it('is what the encoder makes of it', () => {
    const request = message('rfc8489-b.1-request-sha256');
    const built = new MessageBuilder('request', Method.Binding, request.transactionId)
      .add(Userhash, userhash(matrix, 'example.org', nodeHashes))
      .add(Nonce, 'obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA')
      .add(Realm, 'example.org')
      .add(PasswordAlgorithm, { algorithm: 2, parameters: new Uint8Array() })
      .integritySha256(key, nodeHashes)
      .build();
    expect(toHex(built)).toBe(toHex(request.bytes));
  });

  it('as printed is no message, for its length counts the header in', () => {
    expect(decodeMessage(readHex('stun/rfc8489-b.1-request-sha256-as-printed.hex'))).toMatchObject({
      ok: false,
      error: { code: 'length-mismatch', offset: 2 },
    });
  });
});

it('finds no integrity in a message that has none', () => {
  const plain = decodeMessage(new MessageBuilder('request', Method.Binding, new Uint8Array(12)).build());
  if (!plain.ok) throw new Error(plain.error.message);
  expect(checkIntegrity(plain.value, shortTerm, nodeHashes)).toBe('absent');
  expect(checkIntegritySha256(plain.value, shortTerm, nodeHashes)).toBe('absent');
  expect(plain.value.has({ type: AttributeType.Fingerprint })).toBe(false);
});
