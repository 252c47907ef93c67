import { crc32 as nodeCrc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/core/random.ts';
import { crc32 } from '../../../src/core/stun/crc32.ts';
import { opaqueString, saslPrep } from '../../../src/core/stun/strings.ts';
import { encodeUtf8 } from '../../../src/core/utf8.ts';

describe('saslPrep', () => {
  it.each([
    // RFC 4013 3.
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    // RFC 4013 3 has these two refused; here the server decides.
    ['\u0007', '\u0007'],
    ['\u06271', '\u06271'],
    // RFC 5769 2.4.
    ['The\u00adM\u00aatr\u2168', 'TheMatrIX'],
    ['a\u00a0b\u3000c', 'a b c'],
  ])('%j', (text, prepared) => expect(saslPrep(text)).toBe(prepared));
});

describe('opaqueString', () => {
  it.each([
    // RFC 8265 4.3, table 4.
    ['correct horse battery staple', 'correct horse battery staple'],
    ['Correct Horse Battery Staple', 'Correct Horse Battery Staple'],
    ['\u03c0\u00df\u00e5', '\u03c0\u00df\u00e5'],
    ['Jack of \u2666s', 'Jack of \u2666s'],
    ['foo\u1680bar', 'foo bar'],
    // Composed by NFC, but not made compatible as by NFKC.
    ['e\u0301', '\u00e9'],
    ['The\u00adM\u00aatr\u2168', 'The\u00adM\u00aatr\u2168'],
    ['a\u200bb', 'a\u200bb'],
  ])('%j', (text, prepared) => expect(opaqueString(text)).toBe(prepared));
});

it.each([
  ['', 0],
  // The check value of CRC-32/ISO-HDLC, which V.42 uses.
  ['123456789', 0xcbf43926],
  ['The quick brown fox jumps over the lazy dog', 0x414fa339],
])('crc32 of %j', (text, crc) => expect(crc32(encodeUtf8(text))).toBe(crc));

it("crc32 agrees with Node's on every length", () => {
  const bytes = seededRandom(32).bytes(300);
  for (let length = 0; length <= bytes.length; length++) {
    const part = bytes.subarray(0, length);
    expect(crc32(part)).toBe(nodeCrc32(part));
  }
});
