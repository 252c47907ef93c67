import { sameBytesConstantTime } from '../../bytes.ts';
import type { Hashes } from '../../hashes.ts';
import { fail, ok, type Result } from '../../result.ts';
import { Secret } from '../../secret.ts';
import { userhash } from '../../stun/credentials.ts';
import type { UnixSeconds } from '../../time.ts';

/** Why there is no password for a name. For the log only: the client hears 401 either way. */
export type NoPassword = 'unknown user' | 'credential expired' | 'no expiry in the user name';

/** Who may use the server. Where the passwords live is its owner's business. */
export interface UserDirectory {
  password(username: string, now: UnixSeconds): Result<Secret, NoPassword>;
  /** The user name behind a USERHASH (RFC 8489 14.4), where it is among those known beforehand. */
  fromUserhash(hash: Uint8Array): string | undefined;
}

/** A fixed list. A Map, so that `constructor` and `__proto__` are users only if somebody added them. */
export function listedUsers(
  users: Iterable<readonly [username: string, password: Secret]>,
  realm: string,
  hashes: Hashes,
): UserDirectory {
  const passwords = new Map(users);
  const byHash = [...passwords.keys()].map((username) => ({ username, hash: userhash(username, realm, hashes) }));
  return {
    password(username) {
      const password = passwords.get(username);
      return password === undefined ? fail('unknown user') : ok(password);
    },
    fromUserhash: (hash) => byHash.find((entry) => sameBytesConstantTime(entry.hash, hash))?.username,
  };
}

/**
 * The "TURN REST API" (draft-uberti-behave-turn-rest): the user name is `EXPIRY` or `EXPIRY:NAME` with the expiry in Unix
 * seconds, the password is made from it and a shared secret. `passwordOf` does the making.
 */
export function sharedSecretUsers(passwordOf: (username: string) => Secret): UserDirectory {
  return {
    password(username, now) {
      const expiry = /^(\d{1,15})(?::|$)/.exec(username)?.[1];
      if (expiry === undefined) return fail('no expiry in the user name');
      return Number(expiry) <= now ? fail('credential expired') : ok(passwordOf(username));
    },
    // The names are made by whoever mints credentials: the server has no list to search.
    fromUserhash: () => undefined,
  };
}

/** The first directory that has a password; otherwise what the last one said. */
export function joinedUsers(first: UserDirectory, second: UserDirectory): UserDirectory {
  return {
    password(username, now) {
      const found = first.password(username, now);
      return found.ok ? found : second.password(username, now);
    },
    fromUserhash: (hash) => first.fromUserhash(hash) ?? second.fromUserhash(hash),
  };
}

/** Stands in for an unknown user's password, so that both refusals cost the same work. */
export const NOBODY = new Secret('nobody');
