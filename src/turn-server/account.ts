import { randomBytes } from 'node:crypto';
import { Secret } from '../core/secret.ts';
import { mintRestCredentials } from '../core/stun/rest-credentials.ts';
import { joinedUsers, listedUsers, sharedSecretUsers, type UserDirectory } from '../core/turn/server/users.ts';
import { nodeHashes } from '../net/hashes.ts';
import { TurnServerOptionError, type TurnServerOptions } from './options.ts';

/** The account that the ready line hands out, and all that may enter. */
export interface Account {
  readonly username: string;
  readonly credential: Secret;
  users(realm: string): UserDirectory;
}

/** How long a REST credential in `iceServers` is good for. */
const HANDED_OUT_SECONDS = 86_400;

/** @throws TurnServerOptionError where a name, password or secret is empty */
export function chooseAccount(options: TurnServerOptions, unixNow: number): Account {
  const listed = Object.entries(options.users ?? {}).map(([name, password]) => {
    if (name === '' || password === '') throw new TurnServerOptionError('users: a name or a password is empty');
    return [name, new Secret(password)] as const;
  });
  if (options.secret === '') throw new TurnServerOptionError('secret: is empty');
  const secret = options.secret === undefined ? undefined : new Secret(options.secret);
  const shared = secret === undefined ? undefined : sharedSecretUsers(secret, nodeHashes);
  const [first] = listed;
  if (first === undefined && secret !== undefined && shared !== undefined) {
    const expiresAt = Math.floor(unixNow) + HANDED_OUT_SECONDS;
    const minted = mintRestCredentials({ secret, expiresAt, user: 'iceprobe' }, nodeHashes);
    return { username: minted.username, credential: minted.password, users: () => shared };
  }
  // Nobody gets in without credentials, so there is always an account.
  const [username, credential] = first ?? [`user-${random(4)}`, new Secret(random(16))];
  const accounts = first === undefined ? [[username, credential] as const] : listed;
  return {
    username,
    credential,
    users(realm) {
      const directory = listedUsers(accounts, realm, nodeHashes);
      return shared === undefined ? directory : joinedUsers(directory, shared);
    },
  };
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
