import { toBase64 } from '../base64.ts';
import type { Hashes } from '../hashes.ts';
import { Secret } from '../secret.ts';
import type { UnixSeconds } from '../time.ts';
import { encodeUtf8 } from '../utf8.ts';
import type { LongTermCredentials } from './long-term.ts';

/**
 * Credentials that end, as in the "TURN REST API" (draft-uberti-behave-turn-rest-00 2.2) and coturn's `use-auth-secret`:
 * the user name is `<unix expiry>[:user]`, the password is base64 of HMAC-SHA1 of it under the shared secret.
 */
export function mintRestCredentials(
  options: { readonly secret: Secret; readonly expiresAt: UnixSeconds; readonly user?: string },
  hashes: Hashes,
): LongTermCredentials {
  const { secret, expiresAt, user = '' } = options;
  const username = user === '' ? `${Math.floor(expiresAt)}` : `${Math.floor(expiresAt)}:${user}`;
  return { username, password: restPassword(secret, username, hashes) };
}

/** The password that belongs to a REST user name, whatever its form: what a server computes to compare. */
export function restPassword(secret: Secret, username: string, hashes: Hashes): Secret {
  return new Secret(toBase64(hashes.hmacSha1(encodeUtf8(secret.reveal()), encodeUtf8(username))));
}

/** What a user name says about its own end. */
export interface RestUsername {
  readonly expiresAt: UnixSeconds;
  /** undefined where the name is the number alone: then it could also be an account that is called so. */
  readonly user: string | undefined;
  /** `user:timestamp`. coturn takes that order too, other servers read no expiry in it or a wrong one. */
  readonly reversed: boolean;
  /** Milliseconds are a mistake (`Date.now()`): a server reads an expiry in the far future, or refuses the name. */
  readonly unit: 'seconds' | 'milliseconds';
}

/** Reads a REST user name; undefined where no part of it is plausibly a time (2001 to 2100). */
export function readRestUsername(username: string): RestUsername | undefined {
  const first = /^(\d+)(?::(.*))?$/s.exec(username);
  const standard = timeOf(first?.[1]);
  if (standard !== undefined) return { ...standard, user: first?.[2], reversed: false };
  const last = /^(.+):(\d+)$/s.exec(username);
  const reversed = timeOf(last?.[2]);
  return reversed === undefined ? undefined : { ...reversed, user: last?.[1], reversed: true };
}

const EARLIEST = 1_000_000_000; // 2001-09-09
const LATEST = 4_102_444_800; // 2100-01-01

function timeOf(digits: string | undefined): Pick<RestUsername, 'expiresAt' | 'unit'> | undefined {
  if (digits === undefined || digits.startsWith('0')) return undefined;
  const value = Number(digits);
  if (value >= EARLIEST && value < LATEST) return { expiresAt: value, unit: 'seconds' };
  if (value >= EARLIEST * 1000 && value < LATEST * 1000) return { expiresAt: value / 1000, unit: 'milliseconds' };
  return undefined;
}
