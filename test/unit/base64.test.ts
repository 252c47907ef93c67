import { expect, it } from 'vitest';
import { fromBase64, toBase64 } from '../../src/core/base64.ts';
import { seededRandom } from '../../src/core/random.ts';
import { encodeUtf8 } from '../../src/core/utf8.ts';

it.each([
  // RFC 4648 10.
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
])('RFC 4648 10: %j is %j', (text, base64) => {
  expect(toBase64(encodeUtf8(text))).toBe(base64);
  expect(fromBase64(base64)).toEqual(encodeUtf8(text));
});

it('agrees with Node on all bytes and lengths', () => {
  const random = seededRandom(1);
  for (let length = 0; length < 300; length++) {
    const bytes = random.bytes(length);
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  }
});

it.each(['Zg=', 'Zg', 'Z===', 'Zh==', 'Zm9=', 'Zm-v', 'Zm9v ', '=', '===='])('refuses %j', (text) => {
  expect(fromBase64(text)).toBeUndefined();
});
