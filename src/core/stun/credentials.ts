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
 * RFC 8489 prepares the strings with OpaqueString; servers of RFC 5389 prepared the password with SASLprep. For SHA-256,
 * which only the new RFC has, OpaqueString is right; for MD5, SASLprep (RFC 5769 2.4's vector asks for it), which differs
 * only for text beyond ASCII.
 */
export function longTermKey(
  username: string,
  realm: string,
  password: Secret,
  algorithm: PasswordAlgorithmName,
  hashes: Hashes,
): Uint8Array {
  const prepare = algorithm === 'MD5' ? saslPrep : opaqueString;
  const text = `${prepare(username)}:${prepare(realm)}:${prepare(password.reveal())}`;
  return algorithm === 'MD5' ? hashes.md5(encodeUtf8(text)) : hashes.sha256(encodeUtf8(text));
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
