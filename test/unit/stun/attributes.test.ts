import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/bytes.ts';
import type { AttributeCodec } from '../../../src/core/stun/attribute.ts';
import * as Attributes from '../../../src/core/stun/attributes.ts';
import { MessageBuilder } from '../../../src/core/stun/encode.ts';
import { decodeMessage } from '../../../src/core/stun/message.ts';
import { attributeName, Method } from '../../../src/core/stun/registry.ts';

const id = fromHex('b7e7a701bc34d686fa87dfae') ?? new Uint8Array();
const hex = (text: string): Uint8Array => fromHex(text.replaceAll(' ', '')) ?? new Uint8Array();

const v4 = { family: 4, address: '192.0.2.1', port: 32853 } as const;
const v6 = { family: 6, address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32853 } as const;
const V4 = '0001 8055 c0000201';
const V6 = '0002 8055 20010db8123456780011223344556677';
// RFC 5769 2.2 and 2.3.
const XV4 = '0001 a147 e112a643';
const XV6 = '0002 a147 0113a9fa a5d3f179bc25f4b5bed2b9d9';
const SHA256 = { algorithm: 2, parameters: new Uint8Array() };
const ODD = { algorithm: 9, parameters: hex('aabbcc') };

/** Name in the code, value, and the bytes that the RFC's figures make of it. */
const roundTrips: readonly (readonly [keyof typeof Attributes, unknown, string])[] = [
  ['MappedAddress', v4, V4],
  ['MappedAddress', v6, V6],
  ['XorMappedAddress', v4, XV4],
  ['XorMappedAddress', v6, XV6],
  ['XorPeerAddress', v4, XV4],
  ['XorRelayedAddress', v6, XV6],
  ['AlternateServer', v4, V4],
  ['ResponseOrigin', v6, V6],
  ['OtherAddress', v4, V4],
  ['ResponseAddress', v4, V4],
  ['SourceAddress', v4, V4],
  ['ChangedAddress', v4, V4],
  ['ReflectedFrom', v4, V4],
  ['Username', 'evtj:h6vY', '6576746a3a68367659'],
  ['Username', '\u30de', 'e3839e'],
  ['Realm', '', ''],
  ['Realm', 'example.org', '6578616d706c652e6f7267'],
  ['Nonce', 'f//4', '662f2f34'],
  ['Software', 'test vector', '7465737420766563746f72'],
  ['AlternateDomain', 'a.example', '612e6578616d706c65'],
  ['ThirdPartyAuthorization', 'a', '61'],
  ['Userhash', new Uint8Array(32).fill(7), '07'.repeat(32)],
  ['MessageIntegrity', new Uint8Array(20).fill(7), '07'.repeat(20)],
  ['MessageIntegritySha256', new Uint8Array(16).fill(7), '07'.repeat(16)],
  ['Fingerprint', 0xe57a3bcf, 'e57a3bcf'],
  ['ErrorCodeAttribute', { code: 300, reason: '' }, '00000300'],
  ['ErrorCodeAttribute', { code: 438, reason: 'Stale Nonce' }, '00000426 5374616c65204e6f6e6365'],
  ['ErrorCodeAttribute', { code: 699, reason: 'é' }, '00000663 c3a9'],
  ['UnknownAttributes', [0x0019, 0x7fff, 0x8000], '0019 7fff 8000'],
  ['UnknownAttributes', [], ''],
  ['PasswordAlgorithm', SHA256, '00020000'],
  ['PasswordAlgorithms', [SHA256, ODD, SHA256], '00020000 00090003aabbcc00 00020000'],
  ['ChannelNumber', 0x4fff, '4fff0000'],
  ['Lifetime', 0xffffffff, 'ffffffff'],
  ['Data', hex('0102'), '0102'],
  ['RequestedTransport', 17, '11000000'],
  ['RequestedAddressFamily', 4, '01000000'],
  ['RequestedAddressFamily', 6, '02000000'],
  ['AdditionalAddressFamily', 6, '02000000'],
  ['DraftAdditionalAddressFamily', 6, '02000000'],
  ['EvenPort', true, '80'],
  ['EvenPort', false, '00'],
  ['DontFragment', true, ''],
  ['ReservationToken', hex('0102030405060708'), '0102030405060708'],
  ['AddressErrorCode', { family: 6, code: 440, reason: 'no' }, '02000428 6e6f'],
  ['Icmp', { type: 3, code: 4, data: 1400 }, '0000 03 04 00000578'],
  ['ConnectionId', 0x80000001, '80000001'],
  ['MobilityTicket', new Uint8Array(), ''],
  ['AccessToken', hex('ff'), 'ff'],
  ['ChangeRequest', { changeIp: true, changePort: true }, '00000006'],
  ['ChangeRequest', { changeIp: true, changePort: false }, '00000004'],
  ['ChangeRequest', { changeIp: false, changePort: true }, '00000002'],
  ['Padding', new Uint8Array(5), '0000000000'],
  ['ResponsePort', 65535, 'ffff0000'],
  ['CacheTimeout', 30, '0000001e'],
  ['Priority', 0x6e0001ff, '6e0001ff'],
  ['UseCandidate', true, ''],
  ['IceControlled', hex('932ff9b151263b36'), '932ff9b151263b36'],
  ['IceControlling', hex('ffffffffffffffff'), 'ffffffffffffffff'],
];

const codecs = new Map(Object.entries(Attributes).filter(([, value]) => typeof value === 'object' && 'read' in value));

function codecOf(name: keyof typeof Attributes): AttributeCodec<unknown> {
  return codecs.get(name) as AttributeCodec<unknown>;
}

describe('every attribute', () => {
  it.each(roundTrips)('%s of %j is %s', (name, value, bytes) => {
    const codec = codecOf(name);
    const message = new MessageBuilder('request', Method.Binding, id).add(codec, value).build();
    const expected = bytes.replaceAll(' ', '');
    const header = codec.type.toString(16).padStart(4, '0') + (expected.length / 2).toString(16).padStart(4, '0');
    expect(toHex(message.subarray(20))).toBe((header + expected).padEnd(Math.ceil((8 + expected.length) / 8) * 8, '0'));
    const decoded = decodeMessage(message);
    expect(decoded.ok && decoded.value.get(codec)).toEqual(value);
  });

  it('stands in that table, and bears the name of the registry', () => {
    expect([...codecs.keys()].filter((name) => !roundTrips.some(([tested]) => tested === name))).toEqual([]);
    for (const codec of codecs.values() as Iterable<AttributeCodec<unknown>>) {
      // A number of a draft, which the registry does not have.
      if (codec === Attributes.DraftAdditionalAddressFamily) continue;
      expect(codec.name).toBe(attributeName(codec.type));
    }
  });

  it('names an IPv6 address in RFC 5952 and an IPv4-mapped one as such, whatever was written', () => {
    const message = new MessageBuilder('request', Method.Binding, id)
      .add(Attributes.XorMappedAddress, { family: 6, address: '2001:0DB8:0:0:0:0:0:1', port: 1 })
      .add(Attributes.MappedAddress, { family: 6, address: '::FFFF:192.0.2.1', port: 1 })
      .build();
    const decoded = decodeMessage(message);
    if (!decoded.ok) throw new Error(decoded.error.message);
    expect(decoded.value.get(Attributes.XorMappedAddress)?.address).toBe('2001:db8::1');
    expect(decoded.value.get(Attributes.MappedAddress)?.address).toBe('::ffff:192.0.2.1');
  });
});

describe('malformed values', () => {
  const cases: readonly (readonly [keyof typeof Attributes, string, RegExp])[] = [
    ['XorMappedAddress', '', /0 bytes/],
    ['XorMappedAddress', '0001', /2 bytes/],
    ['XorMappedAddress', '0003 1234 00000000', /family 3/],
    ['XorMappedAddress', '0001 1234 0000000000', /9 bytes, expected 8/],
    ['XorMappedAddress', '0002 1234 00000000', /8 bytes, expected 20/],
    ['Username', 'ff', /UTF-8/],
    ['Username', '61'.repeat(514), /514 bytes/],
    ['Nonce', 'c3', /UTF-8/],
    ['Userhash', '00'.repeat(31), /31 bytes/],
    ['MessageIntegrity', '00'.repeat(16), /16 bytes/],
    ['Fingerprint', '0000', /2 bytes/],
    ['ErrorCodeAttribute', '0000', /2 bytes/],
    ['ErrorCodeAttribute', '00000200', /class 2/],
    ['ErrorCodeAttribute', '00000700', /class 7/],
    ['ErrorCodeAttribute', '00000464', /number 100/],
    ['UnknownAttributes', '001900', /even/],
    ['PasswordAlgorithm', '', /exactly one/],
    ['PasswordAlgorithm', '00010000 00020000', /exactly one/],
    ['PasswordAlgorithm', '00010004', /exactly one/],
    ['PasswordAlgorithms', '0001', /overruns/],
    ['PasswordAlgorithms', '0001 0001', /overruns/],
    ['ChannelNumber', '4000', /2 bytes/],
    ['Lifetime', '0000000000', /5 bytes/],
    ['RequestedTransport', '11', /1 bytes/],
    ['RequestedAddressFamily', '03000000', /family 3/],
    ['RequestedAddressFamily', '01', /1 bytes/],
    ['EvenPort', '80000000', /4 bytes/],
    ['DontFragment', '00', /1 bytes/],
    ['ReservationToken', '00', /1 bytes/],
    ['AddressErrorCode', '03000400', /family 3/],
    ['AddressErrorCode', '01', /1 bytes/],
    ['AddressErrorCode', '01000700', /class 7/],
    ['Icmp', '00000304', /4 bytes/],
    ['ChangeRequest', '06', /1 bytes/],
    ['IceControlled', '00', /1 bytes/],
  ];

  it.each(cases)('%s of %s', (name, bytes, problem) => {
    const codec = codecOf(name);
    const message = new MessageBuilder('request', Method.Binding, id).addRaw(codec.type, hex(bytes)).build();
    const decoded = decodeMessage(message);
    if (!decoded.ok) throw new Error(decoded.error.message);
    const read = decoded.value.read(codec);
    expect(read?.ok === false ? read.error : read).toMatch(problem);
    expect(decoded.value.get(codec)).toBeUndefined();
    expect(decoded.value.has(codec)).toBe(true);
  });
});
