import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/bytes.ts';
import { describeValue, payloadKind } from '../../../src/core/stun/attribute-words.ts';
import * as Attributes from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { attributeRecord, explainMessage } from '../../../src/core/stun/explain.ts';
import { decodeMessage, type StunMessage } from '../../../src/core/stun/message.ts';
import { AttributeType, Method } from '../../../src/core/stun/registry.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';
import { readHex, readHexLines } from '../../support/fixtures.ts';

const id = new Uint8Array(12).fill(1);
const key = new Uint8Array(16).fill(2);

function decoded(bytes: Uint8Array): StunMessage {
  const result = decodeMessage(bytes);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const start = (method: number = Method.Allocate) => new MessageBuilder('request', method, id);

describe('explainMessage', () => {
  it('RFC 5769 2.1', () => {
    expect(explainMessage(decoded(readHex('stun/rfc5769-2.1-request.hex')))).toEqual({
      class: 'request',
      method: 'Binding',
      transactionId: 'b7e7a701bc34d686fa87dfae',
      length: 108,
      attributes: [
        [0x8022, 'SOFTWARE', 20, 16, '"STUN test client"'],
        [0x0024, 'PRIORITY', 40, 4, '1845494271'],
        [0x8029, 'ICE-CONTROLLED', 48, 8, '932ff9b151263b36'],
        [0x0006, 'USERNAME', 60, 9, '"evtj:h6vY"'],
        [0x0008, 'MESSAGE-INTEGRITY', 76, 20, '20 bytes, not shown'],
        [0x8028, 'FINGERPRINT', 100, 4, '0xe57a3bcf'],
      ].map(([type, name, offset, length, value]) => ({ type, name, offset, length, value, problems: [] })),
    });
  });

  const problems = (bytes: Uint8Array) =>
    explainMessage(decoded(bytes)).attributes.flatMap(({ name, problems }) =>
      problems.map(({ code }) => `${name} ${code}`),
    );

  it.each([
    ['malformed', start().addRaw(AttributeType.Lifetime, new Uint8Array(3)).build(), ['LIFETIME malformed']],
    ['duplicate', start().add(Attributes.Realm, 'a').add(Attributes.Realm, 'b').build(), ['REALM duplicate']],
    [
      'several peers, which CreatePermission may name',
      start(Method.CreatePermission)
        .add(Attributes.XorPeerAddress, { family: 4, address: '192.0.2.1', port: 1 })
        .add(Attributes.XorPeerAddress, { family: 4, address: '192.0.2.2', port: 1 })
        .build(),
      [],
    ],
    [
      'several peers, which ChannelBind may not name',
      start(Method.ChannelBind)
        .add(Attributes.XorPeerAddress, { family: 4, address: '192.0.2.1', port: 1 })
        .add(Attributes.XorPeerAddress, { family: 4, address: '192.0.2.2', port: 1 })
        .build(),
      ['XOR-PEER-ADDRESS duplicate'],
    ],
    [
      'after integrity',
      start()
        .integrity(key, nodeHashes)
        .add(Attributes.Realm, 'b')
        .integritySha256(key, nodeHashes)
        .fingerprint()
        .build(),
      ['REALM after-integrity'],
    ],
    [
      'MESSAGE-INTEGRITY after MESSAGE-INTEGRITY-SHA256',
      start().integritySha256(key, nodeHashes).integrity(key, nodeHashes).build(),
      ['MESSAGE-INTEGRITY after-integrity'],
    ],
    ['unknown, required', start().addRaw(0x7abc, id).build(), ['0x7abc unknown-required']],
    ['unknown, optional', start().addRaw(0xfabc, id).build(), []],
    [
      'a wrong fingerprint',
      start().addRaw(AttributeType.Fingerprint, new Uint8Array(4)).build(),
      ['FINGERPRINT wrong-fingerprint'],
    ],
    ['a fingerprint before others', start().fingerprint().add(Attributes.Realm, '').build(), ['FINGERPRINT not-last']],
    [
      'a fingerprint of two bytes',
      start().addRaw(AttributeType.Fingerprint, new Uint8Array(2)).build(),
      ['FINGERPRINT malformed'],
    ],
  ])('%s', (_, bytes, expected) => expect(problems(bytes)).toEqual(expected));
});

describe('values in words', () => {
  const words = (type: number, hex: string): string => {
    const message = decoded(
      start()
        .addRaw(type, fromHex(hex.replaceAll(' ', '')) ?? id)
        .build(),
    );
    const [attribute] = message.attributes;
    const described = attribute === undefined ? undefined : describeValue(message, attribute);
    return described === undefined ? 'unknown' : described.ok ? described.value.words : `! ${described.error}`;
  };

  it.each([
    [AttributeType.MappedAddress, '0002 0d96 20010db8000000000000000000000001', '[2001:db8::1]:3478'],
    [AttributeType.Lifetime, '00000258', '600 seconds'],
    [AttributeType.RequestedTransport, '11000000', 'UDP'],
    [AttributeType.RequestedTransport, '84000000', 'IP protocol 132'],
    [AttributeType.RequestedAddressFamily, '02000000', 'IPv6'],
    [AttributeType.EvenPort, '80', 'even, and reserve the next'],
    [AttributeType.ErrorCode, '00000401 556e617574686f72697a6564', '401 Unauthorized'],
    [AttributeType.ErrorCode, '00000426', '438 Stale Nonce'],
    [AttributeType.ErrorCode, '00000463', '499'],
    [AttributeType.AddressErrorCode, '02000428', 'IPv6: 440 Address Family not Supported'],
    [AttributeType.UnknownAttributes, '0019 7abc', 'REQUESTED-TRANSPORT, 0x7abc'],
    [AttributeType.UnknownAttributes, '', 'none'],
    [AttributeType.PasswordAlgorithms, '00020000 00010000 00090000', 'SHA-256, MD5, algorithm 9'],
    [
      AttributeType.Nonce,
      '6f624d61744a6f73324141414378',
      '"obMatJos2AAACx" (RFC 8489, security features: user name anonymity)',
    ],
    [AttributeType.ChangeRequest, '00000006', 'address and port'],
    [AttributeType.ChangeRequest, '00000000', 'nothing'],
    [AttributeType.Icmp, '0000 0304 00000578', 'type 3, code 4, MTU 1400'],
    [AttributeType.ChannelNumber, '40010000', '0x4001'],
    [AttributeType.Data, '8000', '2 bytes (RTP or RTCP)'],
    [AttributeType.DontFragment, '', 'set'],
    [0x7abc, '00', 'unknown'],
  ])('%i: %s', (type, hex, expected) => expect(words(type, hex)).toBe(expected));

  it('cannot steer a terminal', () => {
    const text = 'a\x1b[2Jb\r\nc\u202ed\u0085\ud83d\ude00';
    const message = decoded(start().add(Attributes.Software, text).build());
    const [software] = explainMessage(message).attributes;
    expect(software?.value).toBe('"a\\x1b[2Jb\\x0d\\x0ac\\u202ed\\x85\ud83d\ude00"');
    expect(attributeRecord(message)['SOFTWARE']).toBe('a\\x1b[2Jb\\x0d\\x0ac\\u202ed\\x85\ud83d\ude00');
  });

  it.each([
    ['', 'nothing'],
    ['00', 'STUN'],
    ['16', 'DTLS'],
    ['40', 'ChannelData'],
    ['80', 'RTP or RTCP'],
    ['ff', 'unknown data'],
  ])('payload %j is %s', (hex, kind) => expect(payloadKind(fromHex(hex) ?? id)).toBe(kind));
});

describe('attributeRecord', () => {
  it('is what an event carries', () => {
    const packets = readHexLines('stun/coturn-4.6.1-session.hex').flatMap((bytes) => {
      const result = decodeMessage(bytes);
      return result.ok ? [`${result.value.class} ${result.value.method}`, attributeRecord(result.value)] : [];
    });
    expect(packets.slice(0, 6)).toEqual([
      'request 3',
      { 'REQUESTED-TRANSPORT': 17, LIFETIME: 777, 'EVEN-PORT': true, FINGERPRINT: expect.any(Number) },
      'error 3',
      {
        'ERROR-CODE': '401 Unauthorized',
        NONCE: expect.stringMatching(/^[0-9a-f]{16}$/),
        REALM: 'example.org',
        SOFTWARE: "Coturn-4.6.1 'Gorst'",
        FINGERPRINT: expect.any(Number),
      },
      'request 3',
      {
        'REQUESTED-TRANSPORT': 17,
        LIFETIME: 777,
        'EVEN-PORT': true,
        USERNAME: 'user',
        REALM: 'example.org',
        NONCE: expect.stringMatching(/^[0-9a-f]{16}$/),
        'MESSAGE-INTEGRITY': '[20 bytes]',
        FINGERPRINT: expect.any(Number),
      },
    ]);
  });

  it('numbers what stands twice, says what is malformed, and shows unknown bytes in hex', () => {
    const message = decoded(
      start()
        .add(Attributes.Realm, 'a')
        .add(Attributes.Realm, 'b')
        .addRaw(AttributeType.Lifetime, Uint8Array.of(1))
        .addRaw(0xfabc, new Uint8Array(40))
        .build(),
    );
    expect(attributeRecord(message)).toEqual({
      REALM: 'a',
      'REALM#2': 'b',
      LIFETIME: 'malformed: 1 bytes, expected 4',
      '0xfabc': `${'00'.repeat(32)}... (40 bytes)`,
    });
  });
});

it.each([
  [AttributeType.MessageIntegrity, 20],
  [AttributeType.MessageIntegrity, 24],
  [AttributeType.MessageIntegritySha256, 32],
  [AttributeType.AccessToken, 9],
  [AttributeType.MobilityTicket, 9],
  [AttributeType.ReservationToken, 8],
  [AttributeType.ReservationToken, 9],
  [AttributeType.Password, 9],
])('never shows the bytes of attribute %i (%i of them)', (type, length) => {
  const secret = new Uint8Array(length).fill(0xab);
  const message = decoded(start().add(Attributes.Username, 'a').addRaw(type, secret).build());
  const shown = JSON.stringify([explainMessage(message), attributeRecord(message)]);
  expect(shown).not.toContain(toHex(secret).slice(0, 6));
  expect(shown).toContain(`${length} bytes`);
});
