import { sameBytesConstantTime } from '../../bytes.ts';
import type { Hashes } from '../../hashes.ts';
import { fail, ok, type Result } from '../../result.ts';
import { Secret } from '../../secret.ts';
import { userhash } from '../../stun/credentials.ts';
import { readRestUsername, restPassword } from '../../stun/rest-credentials.ts';
import type { UnixSeconds } from '../../time.ts';

/** Why there is no password for a name. For the log only: the client hears 401 either way. */
export type NoPassword =
  | 'unknown user'
  | 'credential expired'
  | 'no expiry in the user name'
  | 'expiry behind the name'
  | 'expiry in milliseconds';

/** Who may use the server. Where the passwords live is its owner's business. */
export interface UserDirectory {
  password(username: string, now: UnixSeconds): Result<Secret, NoPassword>;
  /** Whether `fromUserhash` knows every user: only then may clients be asked to send a hash for their name. */
  readonly resolvesHashes: boolean;
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
    resolvesHashes: true,
    password(username) {
      const password = passwords.get(username);
      return password === undefined ? fail('unknown user') : ok(password);
    },
    fromUserhash: (hash) => byHash.find((entry) => sameBytesConstantTime(entry.hash, hash))?.username,
  };
}

/**
 * REST credentials (`core/stun/rest-credentials`): whoever shares the secret mints them. Stricter than coturn, which takes
 * the parts in either order and an expiry in milliseconds (good for 50,000 years): here such a mistake shows at once.
 */
export function sharedSecretUsers(secret: Secret, hashes: Hashes): UserDirectory {
  return {
    // The names are made by whoever mints credentials: there is no list to search.
    resolvesHashes: false,
    fromUserhash: () => undefined,
    password(username, now) {
      const read = readRestUsername(username);
      if (read === undefined) return fail('no expiry in the user name');
      if (read.reversed) return fail('expiry behind the name');
      if (read.unit === 'milliseconds') return fail('expiry in milliseconds');
      return read.expiresAt <= now ? fail('credential expired') : ok(restPassword(secret, username, hashes));
    },
  };
}

/** The first directory that has a password; otherwise what the last one said. */
export function joinedUsers(first: UserDirectory, second: UserDirectory): UserDirectory {
  return {
    resolvesHashes: first.resolvesHashes && second.resolvesHashes,
    password(username, now) {
      const found = first.password(username, now);
      return found.ok ? found : second.password(username, now);
    },
    fromUserhash: (hash) => first.fromUserhash(hash) ?? second.fromUserhash(hash),
  };
}

/** Stands in for an unknown user's password, so that both refusals cost the same work. */
export const NOBODY = new Secret('nobody');
