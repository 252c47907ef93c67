import { isIPv4, isIPv6 } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  addressKind,
  addressToBytes,
  bytesToAddress,
  canonicalAddress,
  familyOf,
  formatSocketAddress,
  isPrivateKind,
  readAddress,
  writeAddress,
} from '../../src/core/address.ts';
import { toHex } from '../../src/core/bytes.ts';
import { randomInteger, seededRandom } from '../../src/core/random.ts';

describe('canonicalAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['255.255.255.255', '255.255.255.255'],
    // RFC 5952 4 and 5.
    ['2001:0DB8:0:0:0:0:0:0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['1:0:0:4:5:0:0:0', '1:0:0:4:5::'],
    ['::1:2:3:4:5:6:7', '0:1:2:3:4:5:6:7'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::FFFF:c000:0201', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
    ['::1.2.3.4', '::102:304'],
    ['FE80::1%eth0', 'fe80::1%eth0'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
    expect(canonicalAddress(canonical)).toBe(canonical);
  });

  it.each([
    '',
    '.',
    ':',
    ':::',
    '1.2.3',
    '1.2.3.4.',
    '1.2.3.4.5',
    '.1.2.3.4',
    '1..2.3',
    '01.2.3.4',
    '00.2.3.4',
    '1.2.3.256',
    '1.2.3.0004',
    '1.2.3.+4',
    '1.2.3.4 ',
    '1.2.3.4%lo',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8:',
    ':1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '1::2::3',
    '12345::',
    'g::',
    '::1.2.3',
    '::1.2.3.4.5',
    '::1.2.3.4:1',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::ffff:01.2.3.4',
    '1.2.3.4::',
    '::1%',
    '[::1]',
  ])('%j is no address', (text) => {
    expect(canonicalAddress(text)).toBeUndefined();
    expect(familyOf(text)).toBeUndefined();
    expect(addressToBytes(text)).toBeUndefined();
  });

  it('takes what Node takes for an address, and nothing else', () => {
    const random = seededRandom(4291);
    const pieces = [
      '0',
      '1',
      '9',
      '25',
      '255',
      '256',
      'f',
      'FFFF',
      '00',
      '.',
      '.',
      '.',
      ':',
      ':',
      ':',
      '::',
      'g',
      '12345',
    ];
    for (let n = 0; n < 200_000; n++) {
      let text = '';
      for (let length = 1 + randomInteger(random, 17); length > 0; length--) {
        text += pieces[randomInteger(random, pieces.length)] ?? '';
      }
      const expected = isIPv4(text) ? 4 : isIPv6(text) ? 6 : undefined;
      if (familyOf(text) !== expected) throw new Error(`${text}: ${familyOf(text)}, Node says ${expected}`);
    }
  });

  it('writes IPv6 as URLs do, and reads it back', () => {
    const random = seededRandom(5952);
    for (let n = 0; n < 20_000; n++) {
      const bytes = random.bytes(16);
      for (let i = randomInteger(random, 4); i > 0; i--) {
        bytes.fill(0, 2 * randomInteger(random, 8), 2 * randomInteger(random, 9));
      }
      const text = bytesToAddress(bytes);
      if (!text.startsWith('::ffff:')) expect(text).toBe(new URL(`http://[${text}]/`).hostname.slice(1, -1));
      expect(toHex(addressToBytes(text) ?? new Uint8Array())).toBe(toHex(bytes));
    }
  });
});

it('reads and writes in the middle of other bytes', () => {
  const bytes = new Uint8Array(24).fill(0xee);
  expect(writeAddress('192.0.2.1', bytes, 3)).toBe(4);
  expect(toHex(bytes.subarray(2, 8))).toBe('eec0000201ee');
  expect(readAddress(bytes, 3, 4)).toBe('192.0.2.1');
  expect(writeAddress('2001:db8::1', bytes, 4)).toBe(16);
  expect(toHex(bytes.subarray(3, 21))).toBe('c020010db8000000000000000000000001ee');
  expect(readAddress(bytes, 4, 16)).toBe('2001:db8::1');
  expect(writeAddress('example.org', bytes, 0)).toBe(0);
});

it('hands out bytes that no later call changes', () => {
  const first = addressToBytes('192.0.2.1');
  addressToBytes('203.0.113.9');
  expect(toHex(first ?? new Uint8Array())).toBe('c0000201');
});

it.each([
  ['192.0.2.1', 'public'],
  ['198.18.0.1', 'public'],
  ['2001:db8::1', 'public'],
  ['10.0.0.1', 'private'],
  ['172.15.0.1', 'public'],
  ['172.31.255.255', 'private'],
  ['192.168.0.1', 'private'],
  ['fd00::1', 'private'],
  ['100.64.0.1', 'cgnat'],
  ['100.128.0.1', 'public'],
  ['169.254.1.1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['127.0.0.1', 'loopback'],
  ['::1', 'loopback'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['::ffff:10.0.0.1', 'private'],
  ['::ffff:192.0.2.1', 'public'],
])('%s is %s', (text, kind) => expect(addressKind(text)).toBe(kind));

it('counts what the internet cannot route to as private', () => {
  expect((['private', 'cgnat', 'link-local', 'loopback', 'public', 'multicast'] as const).map(isPrivateKind)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
});

it('puts brackets around IPv6', () => {
  expect(formatSocketAddress({ family: 6, address: '::1', port: 1 })).toBe('[::1]:1');
  expect(formatSocketAddress({ family: 4, address: '192.0.2.1', port: 1 })).toBe('192.0.2.1:1');
});
