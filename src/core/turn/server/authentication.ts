import { sameBytes } from '../../bytes.ts';
import type { Hashes } from '../../hashes.ts';
import { fail, ok, type Result } from '../../result.ts';
import {
  MessageIntegrity,
  MessageIntegritySha256,
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithmNumber,
  PasswordAlgorithms,
  type PasswordAlgorithmValue,
  Realm,
  Userhash,
  Username,
} from '../../stun/attributes.ts';
import { longTermKey, type PasswordAlgorithmName } from '../../stun/credentials.ts';
import { checkIntegrity, checkIntegritySha256 } from '../../stun/integrity.ts';
import type { StunMessage } from '../../stun/message.ts';
import type { UnixSeconds } from '../../time.ts';
import { badRequest, type Refusal, refusal } from './refusal.ts';
import { NOBODY, type UserDirectory } from './users.ts';

/** Whose request it is, and how its answer is to be protected. */
export interface Authenticated {
  readonly username: string;
  readonly key: Uint8Array;
  /** RFC 8489 9.2.4: the answer carries the kind of integrity that the request had. */
  readonly sha256: boolean;
}

/** What the server offers in PASSWORD-ALGORITHMS, in its order (RFC 8489 9.2). */
export const OFFERED_ALGORITHMS: readonly PasswordAlgorithmValue[] = [
  { algorithm: PasswordAlgorithmNumber.SHA256, parameters: new Uint8Array() },
  { algorithm: PasswordAlgorithmNumber.MD5, parameters: new Uint8Array() },
];

/** The server's side of the long-term credential mechanism (RFC 8489 9.2.4), in the order of the RFC's tests. */
export class Authenticator {
  readonly #realm: string;
  readonly #users: UserDirectory;
  readonly #hashes: Hashes;
  readonly #acceptsNonce: (nonce: string, clientAddress: string, now: UnixSeconds) => boolean;

  constructor(
    realm: string,
    users: UserDirectory,
    hashes: Hashes,
    acceptsNonce: (nonce: string, clientAddress: string, now: UnixSeconds) => boolean,
  ) {
    this.#realm = realm;
    this.#users = users;
    this.#hashes = hashes;
    this.#acceptsNonce = acceptsNonce;
  }

  /**
   * `owner`: who made the allocation that the request is about. Their key is kept with it, so that a credential which
   * expires still serves the allocation that it opened.
   */
  check(
    message: StunMessage,
    clientAddress: string,
    now: UnixSeconds,
    owner:
      | { readonly username: string; readonly key: Uint8Array; readonly algorithm: PasswordAlgorithmName }
      | undefined,
  ): Result<Authenticated & { readonly algorithm: PasswordAlgorithmName }, Refusal> {
    const sha256 = message.has(MessageIntegritySha256);
    if (!sha256 && !message.has(MessageIntegrity)) {
      return fail(refusal(401, 'no credentials yet', { challenge: true, isFirst: true }));
    }
    const nonce = message.get(Nonce);
    const hasUser = message.has(Username) || message.has(Userhash);
    if (!hasUser || !message.has(Realm) || nonce === undefined) {
      return fail(badRequest('MESSAGE-INTEGRITY needs USERNAME or USERHASH, REALM and NONCE beside it'));
    }
    const algorithm = chosenAlgorithm(message);
    if (!algorithm.ok) return algorithm;
    if (!this.#acceptsNonce(nonce, clientAddress, now)) {
      return fail(refusal(438, 'the nonce is no longer valid', { challenge: true }));
    }
    const username = this.#username(message);
    const known =
      owner !== undefined && owner.username === username && owner.algorithm === algorithm.value
        ? ok(owner.key)
        : this.#key(username, algorithm.value, now);
    const key = known.ok ? known.value : longTermKey('nobody', this.#realm, NOBODY, algorithm.value, this.#hashes);
    // RFC 8489 9.2.4: with both kinds of integrity present only the stronger counts, or bidding down would be free.
    const verdict = sha256
      ? checkIntegritySha256(message, key, this.#hashes)
      : checkIntegrity(message, key, this.#hashes);
    if (!known.ok) return fail(refusal(401, `${known.error}: ${shown(username)}`, { challenge: true }));
    if (verdict !== 'valid') {
      return fail(refusal(401, `wrong password of ${shown(username)}`, { challenge: true }));
    }
    return ok({ username: username ?? '', key, sha256, algorithm: algorithm.value });
  }

  #username(message: StunMessage): string | undefined {
    const hash = message.get(Userhash);
    return hash === undefined ? message.get(Username) : this.#users.fromUserhash(hash);
  }

  #key(username: string | undefined, algorithm: PasswordAlgorithmName, now: UnixSeconds): Result<Uint8Array, string> {
    if (username === undefined) return fail('unknown user');
    const password = this.#users.password(username, now);
    if (!password.ok) return password;
    return ok(longTermKey(username, this.#realm, password.value, algorithm, this.#hashes));
  }
}

/**
 * RFC 8489 9.2.4: neither attribute means MD5, the only one of RFC 5389. With both, the list must be the one we sent, or
 * somebody on the path has shortened it (bid-down), and the choice must be from it.
 */
function chosenAlgorithm(message: StunMessage): Result<PasswordAlgorithmName, Refusal> {
  const hasList = message.has(PasswordAlgorithms);
  const hasChoice = message.has(PasswordAlgorithm);
  if (!hasList && !hasChoice) return ok('MD5');
  const list = message.get(PasswordAlgorithms);
  const choice = message.get(PasswordAlgorithm);
  if (list === undefined || choice === undefined) {
    return fail(badRequest('PASSWORD-ALGORITHM and PASSWORD-ALGORITHMS belong together'));
  }
  if (list.length !== OFFERED_ALGORITHMS.length || !list.every((entry, i) => isSame(entry, OFFERED_ALGORITHMS[i]))) {
    return fail(badRequest('PASSWORD-ALGORITHMS is not what this server sent'));
  }
  if (choice.parameters.length > 0) return fail(badRequest('PASSWORD-ALGORITHM has parameters'));
  if (choice.algorithm === PasswordAlgorithmNumber.SHA256) return ok('SHA-256');
  if (choice.algorithm === PasswordAlgorithmNumber.MD5) return ok('MD5');
  return fail(badRequest('PASSWORD-ALGORITHM is not among those offered'));
}

function isSame(a: PasswordAlgorithmValue, b: PasswordAlgorithmValue | undefined): boolean {
  return b !== undefined && a.algorithm === b.algorithm && sameBytes(a.parameters, b.parameters);
}

/** A name as the log may hold it: one line, not too long. */
function shown(username: string | undefined): string {
  return username === undefined ? '(by hash)' : JSON.stringify(username.slice(0, 80));
}
