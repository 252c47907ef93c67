import { randomBytes } from 'node:crypto';
import { Secret } from '../core/secret.ts';
import type { LongTermCredentials } from '../core/stun/long-term.ts';
import { mintRestCredentials } from '../core/stun/rest-credentials.ts';
import { joinedUsers, listedUsers, sharedSecretUsers, type UserDirectory } from '../core/turn/server/users.ts';
import { nodeHashes } from '../net/hashes.ts';
import { TurnServerOptionError, type TurnServerOptions } from './options.ts';

/** Who may enter, and what is handed out. */
export interface Account {
  readonly username: string;
  readonly credential: Secret;
  users(realm: string): UserDirectory;
  /** A credential that ends; undefined where the server takes none. */
  mint(seconds: number): LongTermCredentials | undefined;
}

/** How long a REST credential in `iceServers` is good for. */
const HANDED_OUT_SECONDS = 86_400;

/** @throws TurnServerOptionError where a name, password or secret is empty */
export function chooseAccount(options: TurnServerOptions): Account {
  const listed = Object.entries(options.users ?? {}).map(([name, password]) => {
    if (name === '' || password === '') throw new TurnServerOptionError('users: a name or a password is empty');
    return [name, new Secret(password)] as const;
  });
  if (options.secret === '') throw new TurnServerOptionError('secret: is empty');
  // The endpoint that mints short-lived credentials needs a secret, if only one of its own.
  const secretText = options.secret ?? (options.statusPort === undefined ? undefined : random(24));
  const secret = secretText === undefined ? undefined : new Secret(secretText);
  const mint = (seconds: number): LongTermCredentials | undefined => {
    if (secret === undefined) return undefined;
    const expiresAt = Math.floor(Date.now() / 1000) + seconds;
    return mintRestCredentials({ secret, expiresAt, user: 'iceprobe' }, nodeHashes);
  };
  const minted = listed.length === 0 && options.secret !== undefined ? mint(HANDED_OUT_SECONDS) : undefined;
  // Nobody gets in without credentials, so there is always an account.
  const accounts =
    minted !== undefined || listed.length > 0 ? listed : [[`user-${random(4)}`, new Secret(random(16))] as const];
  const [username, credential] = accounts[0] ?? ['', new Secret('')];
  return {
    username: minted?.username ?? username,
    credential: minted?.password ?? credential,
    mint,
    users(realm) {
      const shared = secret === undefined ? undefined : sharedSecretUsers(secret, nodeHashes);
      const directory = listedUsers(accounts, realm, nodeHashes);
      return shared === undefined ? directory : joinedUsers(directory, shared);
    },
  };
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
