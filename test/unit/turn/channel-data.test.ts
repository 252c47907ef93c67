import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/bytes.ts';
import {
  decodeChannelData,
  encodeChannelData,
  isChannelNumber,
  looksLikeChannelData,
} from '../../../src/core/turn/channel-data.ts';

const hex = (text: string): Uint8Array => fromHex(text.replaceAll(' ', '')) ?? new Uint8Array();

describe('encodeChannelData', () => {
  it.each([
    ['', false, '4001 0000'],
    ['aa', false, '4001 0001 aa'],
    ['aabbcc', true, '4001 0003 aabbcc00'],
    ['aabbccdd', true, '4001 0004 aabbccdd'],
    ['', true, '4001 0000'],
  ])('%j, padded: %s', (data, padded, expected) => {
    expect(toHex(encodeChannelData(0x4001, hex(data), { padded }))).toBe(expected.replaceAll(' ', ''));
  });

  it('takes no more than the length can say', () => {
    expect(encodeChannelData(0x4fff, new Uint8Array(65_535), { padded: true })).toHaveLength(65_540);
    expect(() => encodeChannelData(0x4fff, new Uint8Array(65_536), { padded: true })).toThrow(RangeError);
  });
});

describe('decodeChannelData', () => {
  it.each([
    ['4001 0000', 0x4001, ''],
    ['4001 0001 aa', 0x4001, 'aa'],
    ['4fff 0001 aa 010203', 0x4fff, 'aa'],
    ['4000 0003 aabbcc 00', 0x4000, 'aabbcc'],
    // RFC 5766 11: a channel then, reserved since RFC 8656; coturn's load generator uses such.
    ['6383 0001 aa', 0x6383, 'aa'],
  ])('%s', (bytes, channel, data) => {
    expect(decodeChannelData(hex(bytes))).toEqual({ ok: true, value: { channel, data: hex(data) } });
  });

  it.each([
    ['', 'too-short', 0],
    ['400100', 'too-short', 3],
    ['3fff 0000', 'not-channel-data', 0],
    ['8000 0000', 'not-channel-data', 0],
    ['4001 0002 aa', 'length-mismatch', 2],
    ['4001 0001 aa 00000000', 'length-mismatch', 2],
    ['4001 0000 00000000', 'length-mismatch', 2],
  ])('refuses %j: %s', (bytes, code, offset) => {
    expect(decodeChannelData(hex(bytes))).toMatchObject({ ok: false, error: { code, offset } });
  });
});

it('tells a channel number and ChannelData by RFC 8656 12 and RFC 7983', () => {
  expect([0x3fff, 0x4000, 0x4fff, 0x5000].map(isChannelNumber)).toEqual([false, true, true, false]);
  expect(
    ['40000000', '7f000000', '80000000', '00000000', '4000'].map((text) => looksLikeChannelData(hex(text))),
  ).toEqual([true, true, false, false, false]);
});
