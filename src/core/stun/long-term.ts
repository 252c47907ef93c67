import type { Hashes } from '../hashes.ts';
import { fail, ok, type Result } from '../result.ts';
import type { Secret } from '../secret.ts';
import { decodeUtf8, showUtf8 } from '../utf8.ts';
import {
  ErrorCodeAttribute,
  PasswordAlgorithm,
  PasswordAlgorithmNumber,
  PasswordAlgorithms,
  type PasswordAlgorithmValue,
  Userhash,
  Username,
} from './attributes.ts';
import { longTermKey, type PasswordAlgorithmName, userhash } from './credentials.ts';
import type { MessageBuilder } from './encode.ts';
import { checkIntegrity, checkIntegritySha256, type IntegrityVerdict } from './integrity.ts';
import type { StunMessage } from './message.ts';
import { readNonceCookie } from './nonce-cookie.ts';
import { AttributeType, ErrorCode } from './registry.ts';
import { opaqueString } from './strings.ts';

export interface LongTermCredentials {
  readonly username: string;
  readonly password: Secret;
}

/**
 * Why a 401 or 438 is not answered with another request:
 *
 * - `not-a-challenge`: it is no such answer
 * - `missing-nonce`, `missing-realm`: what the request would have to repeat is not there
 * - `malformed`: REALM or PASSWORD-ALGORITHMS cannot be read
 * - `bid-down`: the nonce says that PASSWORD-ALGORITHMS belongs to the answer, and somebody took it out (RFC 8489 9.2.1)
 * - `unsupported-algorithms`: none of those offered is known here
 * - `rejected`: 401 to a request with these very credentials: they are wrong
 * - `nonce-loop`: one challenge after the other, each with a fresh nonce
 */
export type ChallengeRefusalCode =
  | 'not-a-challenge'
  | 'missing-nonce'
  | 'missing-realm'
  | 'malformed'
  | 'bid-down'
  | 'unsupported-algorithms'
  | 'rejected'
  | 'nonce-loop';

export interface ChallengeRefusal {
  readonly code: ChallengeRefusalCode;
  readonly message: string;
}

/** How many 401 and 438 in a row, without a success between them, are answered with another request. */
const MAX_CHALLENGES = 4;

/** What the last challenge said. Realm, nonce and algorithms are repeated byte for byte, whatever they are. */
interface Challenge {
  readonly realm: string;
  readonly realmBytes: Uint8Array;
  readonly nonceBytes: Uint8Array;
  /** RFC 8489 9.2.5: sent back with the same content, and undefined where the server offered no choice. */
  readonly offered: Uint8Array | undefined;
  readonly chosen: PasswordAlgorithmValue | undefined;
  readonly algorithm: PasswordAlgorithmName;
  readonly userhash: Uint8Array | undefined;
  readonly key: Uint8Array;
}

/**
 * The client's side of the long-term credential mechanism (RFC 8489 9.2): what it knows between two requests. Immutable:
 * keep with each request the session it was sent with, for its answer is verified with the key of that time.
 */
export class LongTermSession {
  readonly #credentials: LongTermCredentials;
  readonly #hashes: Hashes;
  readonly #challenge: Challenge | undefined;
  /** In a row, without a success between them. */
  readonly #inARow: number;
  readonly #proven: boolean;

  private constructor(
    credentials: LongTermCredentials,
    hashes: Hashes,
    challenge: Challenge | undefined,
    inARow: number,
    proven: boolean,
  ) {
    this.#credentials = credentials;
    this.#hashes = hashes;
    this.#challenge = challenge;
    this.#inARow = inARow;
    this.#proven = proven;
  }

  /** Before the first request, which carries no credentials (RFC 8489 9.2.3.1). */
  static start(credentials: LongTermCredentials, hashes: Hashes): LongTermSession {
    return new LongTermSession(credentials, hashes, undefined, 0, false);
  }

  /** Whether there is a realm and a nonce, so that {@link authenticate} does something. */
  get challenged(): boolean {
    return this.#challenge !== undefined;
  }

  get realm(): string | undefined {
    return this.#challenge?.realm;
  }

  /** For showing; what is sent are the bytes received. */
  get nonce(): string | undefined {
    return this.#challenge === undefined ? undefined : showUtf8(this.#challenge.nonceBytes);
  }

  get algorithm(): PasswordAlgorithmName | undefined {
    return this.#challenge?.algorithm;
  }

  /** RFC 8489 9.2.5, last paragraph: a server that offers a choice of algorithms gets MESSAGE-INTEGRITY-SHA256 only. */
  get integrity(): 'MESSAGE-INTEGRITY' | 'MESSAGE-INTEGRITY-SHA256' {
    return this.#challenge?.offered === undefined ? 'MESSAGE-INTEGRITY' : 'MESSAGE-INTEGRITY-SHA256';
  }

  /** The session to send the next request with, after a 401 or 438 to one that was sent with this session (RFC 8489 9.2.5). */
  challenge(answer: StunMessage): Result<LongTermSession, ChallengeRefusal> {
    const code = answer.class === 'error' ? answer.get(ErrorCodeAttribute)?.code : undefined;
    if (code !== ErrorCode.Unauthenticated && code !== ErrorCode.StaleNonce) {
      return refuse('not-a-challenge', 'neither 401 nor 438');
    }
    const read = this.#read(answer);
    if (!read.ok) return read;
    // RFC 8489 9.2.5: no retry after a 401 that would change neither name, realm nor password. Credentials that worked
    // before are tried with the new nonce, because some servers say 401 where they mean 438.
    if (code === ErrorCode.Unauthenticated && read.value.realm === this.#challenge?.realm && !this.#proven) {
      return refuse('rejected', '401 to a request with these credentials and a fresh nonce');
    }
    if (this.#inARow >= MAX_CHALLENGES) {
      return refuse('nonce-loop', `${this.#inARow} challenges in a row were answered, and another came`);
    }
    return ok(new LongTermSession(this.#credentials, this.#hashes, read.value, this.#inARow + 1, false));
  }

  /** The session after a success: its credentials are proven, and what failed before is forgotten. */
  succeeded(): LongTermSession {
    if (this.#proven) return this;
    return new LongTermSession(this.#credentials, this.#hashes, this.#challenge, 0, true);
  }

  /** Adds user name, realm, nonce and integrity, in this order; only FINGERPRINT may follow. Nothing before a challenge. */
  authenticate(builder: MessageBuilder): MessageBuilder {
    const challenge = this.#challenge;
    if (challenge === undefined) return builder;
    if (challenge.userhash === undefined) builder.add(Username, opaqueString(this.#credentials.username));
    else builder.add(Userhash, challenge.userhash);
    builder.addRaw(AttributeType.Realm, challenge.realmBytes).addRaw(AttributeType.Nonce, challenge.nonceBytes);
    if (challenge.offered === undefined) return builder.integrity(challenge.key, this.#hashes);
    return builder
      .addRaw(AttributeType.PasswordAlgorithms, challenge.offered)
      .addOptional(PasswordAlgorithm, challenge.chosen)
      .integritySha256(challenge.key, this.#hashes);
  }

  /**
   * Whether an answer was made by someone who knows the password. `absent`: it carries no integrity, or this session knows
   * no key yet. (The 401 and 438 that challenge carry none, and need none.)
   */
  verifyResponse(answer: StunMessage): IntegrityVerdict {
    const key = this.#challenge?.key;
    if (key === undefined) return 'absent';
    // RFC 8489 9.2.5: an answer whose nonce announces PASSWORD-ALGORITHMS must have them.
    if (isBidDown(answer)) return 'invalid';
    const verdicts = [checkIntegrity(answer, key, this.#hashes), checkIntegritySha256(answer, key, this.#hashes)];
    if (verdicts.includes('invalid')) return 'invalid';
    return verdicts.includes('valid') ? 'valid' : 'absent';
  }

  #read(answer: StunMessage): Result<Challenge, ChallengeRefusal> {
    const nonceBytes = answer.find(AttributeType.Nonce)?.value;
    if (nonceBytes === undefined) return refuse('missing-nonce', 'the answer has no NONCE to repeat');
    // A 438 must repeat the realm (RFC 8489 9.2.4); where it does not, the one before still holds.
    const realmBytes = answer.find(AttributeType.Realm)?.value ?? this.#challenge?.realmBytes;
    if (realmBytes === undefined) return refuse('missing-realm', 'the answer has no REALM');
    const realm = decodeUtf8(realmBytes);
    if (realm === undefined) return refuse('malformed', 'REALM is not UTF-8');
    if (isBidDown(answer)) {
      return refuse(
        'bid-down',
        'the nonce announces PASSWORD-ALGORITHMS, the answer has none: something on the path took it out',
      );
    }
    const offer = chooseAlgorithm(answer);
    if (!offer.ok) return offer;
    const { username, password } = this.#credentials;
    const anonymous = readNonceCookie(showUtf8(nonceBytes))?.usernameAnonymity === true;
    return ok({
      ...offer.value,
      realm,
      realmBytes: realmBytes.slice(),
      nonceBytes: nonceBytes.slice(),
      userhash: anonymous ? userhash(username, realm, this.#hashes) : undefined,
      key: longTermKey(username, realm, password, offer.value.algorithm, this.#hashes),
    });
  }
}

function isBidDown(answer: StunMessage): boolean {
  const nonce = answer.find(AttributeType.Nonce);
  if (nonce === undefined || answer.has(PasswordAlgorithms)) return false;
  return readNonceCookie(showUtf8(nonce.value))?.passwordAlgorithms === true;
}

/** RFC 8489 9.2.5: the first of the server's list that is known here; MD5 where there is no list. */
function chooseAlgorithm(
  answer: StunMessage,
): Result<Pick<Challenge, 'offered' | 'chosen' | 'algorithm'>, ChallengeRefusal> {
  const offered = answer.find(AttributeType.PasswordAlgorithms)?.value.slice();
  const list = answer.read(PasswordAlgorithms);
  if (offered === undefined || list === undefined) {
    return ok({ offered: undefined, chosen: undefined, algorithm: 'MD5' });
  }
  if (!list.ok) return refuse('malformed', `PASSWORD-ALGORITHMS: ${list.error}`);
  for (const chosen of list.value) {
    const algorithm = ALGORITHMS.get(chosen.algorithm);
    if (algorithm !== undefined) return ok({ offered, chosen, algorithm });
  }
  const numbers = list.value.map((each) => each.algorithm).join(', ');
  return refuse('unsupported-algorithms', `only password algorithms that are not known here are offered (${numbers})`);
}

const ALGORITHMS = new Map<number, PasswordAlgorithmName>([
  [PasswordAlgorithmNumber.MD5, 'MD5'],
  [PasswordAlgorithmNumber.SHA256, 'SHA-256'],
]);

function refuse(code: ChallengeRefusalCode, message: string) {
  return fail<ChallengeRefusal>({ code, message });
}
