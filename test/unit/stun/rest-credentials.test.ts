import { expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { mintRestCredentials, readRestUsername, restPassword } from '../../../src/core/stun/rest-credentials.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';

it('mints what `openssl dgst -sha1 -hmac north -binary | base64` computes', () => {
  const { username, password } = mintRestCredentials(
    { secret: new Secret('north'), expiresAt: 1_433_895_918.9, user: 'ninefingers' },
    nodeHashes,
  );
  expect(username).toBe('1433895918:ninefingers');
  expect(password.reveal()).toBe('jy8hTxmOO7UtEKXqSkSlvakPVYA=');
  expect(`${password}`).toBe('[redacted]');
});

it('leaves the colon out where there is no user', () => {
  const minted = mintRestCredentials({ secret: new Secret('s'), expiresAt: 1_700_000_000 }, nodeHashes);
  expect(minted.username).toBe('1700000000');
  expect(minted.password.reveal()).toBe(restPassword(new Secret('s'), '1700000000', nodeHashes).reveal());
});

it.each([
  ['1700000000', { expiresAt: 1_700_000_000, user: undefined, reversed: false, unit: 'seconds' }],
  ['1700000000:alice', { expiresAt: 1_700_000_000, user: 'alice', reversed: false, unit: 'seconds' }],
  ['1700000000:a:b', { expiresAt: 1_700_000_000, user: 'a:b', reversed: false, unit: 'seconds' }],
  ['1700000000:', { expiresAt: 1_700_000_000, user: '', reversed: false, unit: 'seconds' }],
  ['1700000000:1800000000', { expiresAt: 1_700_000_000, user: '1800000000', reversed: false, unit: 'seconds' }],
  ['1700000000123:alice', { expiresAt: 1_700_000_000.123, user: 'alice', reversed: false, unit: 'milliseconds' }],
  ['alice:1700000000', { expiresAt: 1_700_000_000, user: 'alice', reversed: true, unit: 'seconds' }],
  ['a:b:1700000000123', { expiresAt: 1_700_000_000.123, user: 'a:b', reversed: true, unit: 'milliseconds' }],
  ['42:1700000000', { expiresAt: 1_700_000_000, user: '42', reversed: true, unit: 'seconds' }],
])('reads %s', (username, expected) => {
  expect(readRestUsername(username)).toEqual(expected);
});

it.each([
  '',
  'alice',
  '42',
  'alice:42',
  ':1700000000',
  '01700000000',
  '15551234567',
  '9999999999:x',
  '1.7e9',
  '1700000000x',
])('reads no time in %j', (username) => {
  expect(readRestUsername(username)).toBeUndefined();
});
