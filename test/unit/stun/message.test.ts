import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/bytes.ts';
import { Data, Lifetime, Realm, Software, Username, XorPeerAddress } from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { checkFingerprint } from '../../../src/core/stun/fingerprint.ts';
import { checkIntegrity, checkIntegritySha256 } from '../../../src/core/stun/integrity.ts';
import {
  decodeMessage,
  looksLikeStun,
  type MessageClass,
  messageType,
  type StunMessage,
} from '../../../src/core/stun/message.ts';
import { AttributeType, Method } from '../../../src/core/stun/registry.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';

const id = new Uint8Array(12).fill(3);
const key = new Uint8Array(16).fill(9);
const hex = (text: string): Uint8Array => fromHex(text.replaceAll(' ', '')) ?? new Uint8Array();
const start = () => new MessageBuilder('request', Method.Refresh, id);

function decoded(bytes: Uint8Array): StunMessage {
  const result = decodeMessage(bytes);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe('the message type (RFC 8489 5, figure 3)', () => {
  it.each([
    ['request', Method.Binding, 0x0001],
    ['indication', Method.Binding, 0x0011],
    ['success', Method.Binding, 0x0101],
    ['error', Method.Binding, 0x0111],
    ['indication', Method.Data, 0x0017],
    ['error', Method.ChannelBind, 0x0119],
    ['request', 0xfff, 0x3eef],
  ] as const)('%s of %i is %i', (messageClass, method, type) => {
    expect(messageType(messageClass, method)).toBe(type);
  });

  it('survives the round trip for every class and method', () => {
    const classes: readonly MessageClass[] = ['request', 'indication', 'success', 'error'];
    for (const messageClass of classes) {
      for (let method = 0; method < 0x1000; method++) {
        const message = decoded(new MessageBuilder(messageClass, method, id).build());
        if (message.class !== messageClass || message.method !== method) {
          expect([message.class, message.method]).toEqual([messageClass, method]);
        }
      }
    }
  });
});

describe('decodeMessage', () => {
  const header = '2112a442 030303030303030303030303';

  it.each([
    ['', 'too-short', 0],
    ['0001 0000 2112a442 03030303030303030303', 'too-short', 18],
    [`4001 0000 ${header}`, 'not-stun', 0],
    [`8001 0000 ${header}`, 'not-stun', 0],
    ['0001 0000 2112a443 030303030303030303030303', 'bad-cookie', 4],
    [`0001 0003 ${header} 000000`, 'unaligned-length', 2],
    [`0001 0004 ${header}`, 'length-mismatch', 2],
    [`0001 0000 ${header} 00000000`, 'length-mismatch', 2],
    [`0001 0004 ${header} 00060001`, 'attribute-overruns', 20],
    [`0001 0008 ${header} 00060000 0006ffff`, 'attribute-overruns', 24],
  ])('%s: %s at byte %i', (bytes, code, offset) => {
    expect(decodeMessage(hex(bytes))).toMatchObject({ ok: false, error: { code, offset } });
  });

  it('keeps order, duplicates, unknown attributes and each offset', () => {
    const message = decoded(start().add(Software, 'abcde').addRaw(0x7abc, hex('01')).add(Software, 'f').build());
    expect(message.attributes.map(({ type, offset, value }) => [type, offset, toHex(value)])).toEqual([
      [AttributeType.Software, 20, '6162636465'],
      [0x7abc, 32, '01'],
      [AttributeType.Software, 40, '66'],
    ]);
  });

  it('reads a view that does not begin at its buffer', () => {
    const bytes = start().add(Lifetime, 5).build();
    const shifted = new Uint8Array(bytes.length + 7);
    shifted.set(bytes, 3);
    expect(decoded(shifted.subarray(3, 3 + bytes.length)).get(Lifetime)).toBe(5);
  });

  it('takes the longest message there can be', () => {
    const bytes = start().add(Data, new Uint8Array(65_528)).build();
    expect(bytes).toHaveLength(65_552);
    expect(decoded(bytes).get(Data)).toHaveLength(65_528);
    expect(() => start().add(Data, new Uint8Array(65_529)).build()).toThrow(RangeError);
  });
});

describe('StunMessage', () => {
  const peer = (port: number) => ({ family: 4, address: '192.0.2.1', port }) as const;

  it('RFC 8489 14: of duplicates only the first counts, but all of them can be had', () => {
    const message = decoded(
      start().add(XorPeerAddress, peer(1)).addRaw(XorPeerAddress.type, hex('00')).add(XorPeerAddress, peer(2)).build(),
    );
    expect(message.get(XorPeerAddress)?.port).toBe(1);
    expect(message.all(XorPeerAddress).map(({ port }) => port)).toEqual([1, 2]);
  });

  it('RFC 8489 9: what follows MESSAGE-INTEGRITY is ignored, but for MESSAGE-INTEGRITY-SHA256 and FINGERPRINT', () => {
    const message = decoded(
      start()
        .add(Username, 'a')
        .integrity(key, nodeHashes)
        .add(Realm, 'planted')
        .add(XorPeerAddress, peer(1))
        .integritySha256(key, nodeHashes)
        .add(Lifetime, 1)
        .fingerprint()
        .build(),
    );
    expect(message.get(Username)).toBe('a');
    expect([message.get(Realm), message.get(Lifetime), message.get(XorPeerAddress)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(message.all(XorPeerAddress)).toEqual([]);
    expect(checkIntegrity(message, key, nodeHashes)).toBe('valid');
    expect(checkIntegritySha256(message, key, nodeHashes)).toBe('valid');
    expect(checkFingerprint(message)).toBe('valid');
  });

  it('RFC 8489 9: what follows MESSAGE-INTEGRITY-SHA256 is ignored, MESSAGE-INTEGRITY too', () => {
    const message = decoded(
      start().integritySha256(key, nodeHashes).integrity(key, nodeHashes).add(Realm, 'planted').build(),
    );
    expect(message.get(Realm)).toBeUndefined();
    expect(checkIntegrity(message, key, nodeHashes)).toBe('absent');
    expect(checkIntegritySha256(message, key, nodeHashes)).toBe('valid');
  });
});

describe('MESSAGE-INTEGRITY-SHA256 (RFC 8489 14.6)', () => {
  /** A message whose HMAC is cut to `length` bytes, as the sender would: the length of the header counts the cut one. */
  function truncated(length: number): StunMessage {
    const build = (mac: Uint8Array) =>
      start().add(Username, 'a').addRaw(AttributeType.MessageIntegritySha256, mac).build();
    const bytes = build(new Uint8Array(length));
    const mac = nodeHashes.hmacSha256(key, bytes.subarray(0, bytes.length - 4 - Math.ceil(length / 4) * 4));
    return decoded(build(mac.subarray(0, length)));
  }

  it.each([16, 20, 24, 28, 32])('may be cut to %i bytes', (length) => {
    expect(checkIntegritySha256(truncated(length), key, nodeHashes)).toBe('valid');
  });

  it.each([0, 4, 12, 17])('may not be cut to %i bytes', (length) => {
    expect(checkIntegritySha256(truncated(length), key, nodeHashes)).toBe('invalid');
  });

  it('is not longer than 32 bytes', () => {
    const message = decoded(start().addRaw(AttributeType.MessageIntegritySha256, new Uint8Array(36)).build());
    expect(checkIntegritySha256(message, key, nodeHashes)).toBe('invalid');
  });
});

describe('integrity', () => {
  it('is checked over the bytes received, whatever fills the padding', () => {
    const bytes = start().add(Username, 'a').integrity(key, nodeHashes).build().slice();
    const padded = decoded(bytes);
    expect(checkIntegrity(padded, key, nodeHashes)).toBe('valid');
    bytes[25] = 0x20;
    expect(checkIntegrity(decoded(bytes), key, nodeHashes)).toBe('invalid');
    // And where the sender had put a space there, the HMAC covers it.
    const covered = bytes.slice(0, 28);
    bytes.set(nodeHashes.hmacSha1(key, covered), 32);
    expect(checkIntegrity(decoded(bytes), key, nodeHashes)).toBe('valid');
  });

  it('does not depend on what follows it', () => {
    const without = start().add(Username, 'a').integrity(key, nodeHashes).build();
    const message = decoded(start().add(Username, 'a').integrity(key, nodeHashes).fingerprint().build());
    expect(toHex(message.bytes.subarray(4, without.length))).toBe(toHex(without.subarray(4)));
    expect(checkIntegrity(message, key, nodeHashes)).toBe('valid');
  });

  it('leaves the message as it was', () => {
    const message = decoded(start().add(Username, 'a').integrity(key, nodeHashes).fingerprint().build());
    const before = toHex(message.bytes);
    checkIntegrity(message, key, nodeHashes);
    checkIntegritySha256(message, key, nodeHashes);
    expect(toHex(message.bytes)).toBe(before);
  });

  it('of the wrong length is invalid', () => {
    const message = decoded(start().addRaw(AttributeType.MessageIntegrity, new Uint8Array(16)).build());
    expect(checkIntegrity(message, key, nodeHashes)).toBe('invalid');
  });
});

describe('FINGERPRINT (RFC 8489 14.7)', () => {
  it('must be the last attribute, of four bytes, and right', () => {
    const good = start().add(Username, 'a').fingerprint().build();
    expect(checkFingerprint(decoded(good))).toBe('valid');
    const wrong = good.slice();
    wrong[24] = 0x62;
    expect(checkFingerprint(decoded(wrong))).toBe('invalid');
    expect(checkFingerprint(decoded(start().fingerprint().add(Lifetime, 1).build()))).toBe('invalid');
    expect(checkFingerprint(decoded(start().addRaw(AttributeType.Fingerprint, new Uint8Array(8)).build()))).toBe(
      'invalid',
    );
    expect(checkFingerprint(decoded(start().build()))).toBe('absent');
  });
});

it('looksLikeStun: the two zero bits and the cookie (RFC 7983)', () => {
  const bytes = start().build();
  expect(looksLikeStun(bytes)).toBe(true);
  expect(looksLikeStun(bytes.subarray(0, 19))).toBe(false);
  expect(looksLikeStun(bytes.map((byte, i) => (i === 0 ? 0x40 : byte)))).toBe(false);
  expect(looksLikeStun(bytes.map((byte, i) => (i === 7 ? 0 : byte)))).toBe(false);
});
