import { concatBytes } from '../bytes.ts';
import type { Hashes } from '../hashes.ts';
import type { Secret } from '../secret.ts';
import { encodeUtf8 } from '../utf8.ts';
import { opaqueString, saslPrep } from './strings.ts';

/** RFC 8489 18.5: how a long-term key is derived from user name, realm and password. */
export type PasswordAlgorithmName = 'MD5' | 'SHA-256';

/**
 * The long-term key (RFC 8489 9.2.2): a hash of `username ":" realm ":" password`.
 *
 * RFC 8489 prepares realm and password with OpaqueString. Servers of RFC 5389 take the realm as it is and prepare the
 * password with SASLprep: so does MD5 here, for RFC 5769 2.4 asks for it; it differs only for text beyond ASCII. The user
 * name is the one that USERNAME carries.
 */
export function longTermKey(
  username: string,
  realm: string,
  password: Secret,
  algorithm: PasswordAlgorithmName,
  hashes: Hashes,
): Uint8Array {
  const name = opaqueString(username);
  if (algorithm === 'MD5') return hashes.md5(encodeUtf8(`${name}:${realm}:${saslPrep(password.reveal())}`));
  return hashes.sha256(encodeUtf8(`${name}:${opaqueString(realm)}:${opaqueString(password.reveal())}`));
}

/** The short-term key (RFC 8489 9.1.1): the password itself. */
export function shortTermKey(password: Secret): Uint8Array {
  return encodeUtf8(opaqueString(password.reveal()));
}

/** USERHASH (RFC 8489 14.4): SHA-256 of `username ":" realm`. */
export function userhash(username: string, realm: string, hashes: Hashes): Uint8Array {
  return hashes.sha256(
    concatBytes(encodeUtf8(opaqueString(username)), encodeUtf8(':'), encodeUtf8(opaqueString(realm))),
  );
}
