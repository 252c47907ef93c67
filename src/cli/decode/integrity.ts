import { toHex } from '../../core/bytes.ts';
import type { Hashes } from '../../core/hashes.ts';
import type { Secret } from '../../core/secret.ts';
import { Realm, Username } from '../../core/stun/attributes.ts';
import { isBlankedValue } from '../../core/stun/blank.ts';
import { longTermKey, shortTermKey } from '../../core/stun/credentials.ts';
import { checkIntegrity, checkIntegritySha256 } from '../../core/stun/integrity.ts';
import type { StunMessage } from '../../core/stun/message.ts';
import { AttributeType, Method } from '../../core/stun/registry.ts';
import { restPassword } from '../../core/stun/rest-credentials.ts';

export interface KnownCredentials {
  readonly username?: string;
  readonly password?: Secret;
  /** Shared secret: the password is computed from the user name of the message. */
  readonly secret?: Secret;
  readonly realm?: string;
}

export interface IntegrityResult {
  readonly verdict: 'valid' | 'invalid' | 'unchecked';
  /** With which key, or why not. */
  readonly detail: string;
}

/**
 * Checks MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 of messages in the order in which they were seen: an answer carries
 * neither user name nor realm, so those of its request count.
 */
export class IntegrityChecker {
  readonly #known: KnownCredentials;
  readonly #hashes: Hashes;
  readonly #requests = new Map<string, { username: string | undefined; realm: string | undefined }>();
  #lastRealm: string | undefined;

  constructor(known: KnownCredentials, hashes: Hashes) {
    this.#known = known;
    this.#hashes = hashes;
    this.#lastRealm = known.realm;
  }

  /** Undefined where the message has no integrity. */
  check(message: StunMessage): IntegrityResult | undefined {
    const id = toHex(message.transactionId);
    const request = this.#requests.get(id);
    const username = message.get(Username) ?? request?.username ?? this.#known.username;
    const realm = message.get(Realm) ?? request?.realm ?? this.#lastRealm;
    this.#lastRealm = realm;
    if (message.class === 'request') this.#requests.set(id, { username, realm });
    const isProtected =
      message.find(AttributeType.MessageIntegrity) ?? message.find(AttributeType.MessageIntegritySha256);
    if (isProtected === undefined) return undefined;
    if (isBlankedValue(isProtected.value)) return { verdict: 'unchecked', detail: 'blanked: taken out of the capture' };
    return this.#judge(message, username, realm);
  }

  #judge(message: StunMessage, username: string | undefined, realm: string | undefined): IntegrityResult {
    const { secret } = this.#known;
    const password =
      this.#known.password ??
      (secret === undefined || username === undefined ? undefined : restPassword(secret, username, this.#hashes));
    if (password === undefined) {
      const why = secret === undefined ? 'no password given (-p)' : 'its user name is not known (-u)';
      return { verdict: 'unchecked', detail: `not checked: ${why}` };
    }
    const keys: (readonly [string, Uint8Array])[] = [];
    if (username !== undefined && realm !== undefined) {
      for (const algorithm of ['MD5', 'SHA-256'] as const) {
        keys.push([`long-term key, ${algorithm}`, longTermKey(username, realm, password, algorithm, this.#hashes)]);
      }
    }
    keys.push(['short-term key', shortTermKey(password)]);
    for (const [name, key] of keys) {
      const verdicts = [checkIntegrity(message, key, this.#hashes), checkIntegritySha256(message, key, this.#hashes)];
      if (verdicts.includes('valid') && !verdicts.includes('invalid')) {
        return { verdict: 'valid', detail: `valid (${name})` };
      }
    }
    const missing = username === undefined ? 'user name (-u)' : realm === undefined ? 'realm (--realm)' : undefined;
    // Connectivity checks have short-term credentials (RFC 8445 7.2.2), and TURN's methods never have.
    if (message.method === Method.Binding && realm === undefined) {
      return { verdict: 'invalid', detail: 'does not match by the short-term key; a long-term one needs --realm' };
    }
    if (missing === undefined)
      return { verdict: 'invalid', detail: 'does not match: another password, or changed on its way' };
    return {
      verdict: 'unchecked',
      detail: `not valid by the short-term key; for a long-term one the ${missing} is missing`,
    };
  }
}
