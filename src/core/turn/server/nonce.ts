import { fromBase64, toBase64 } from '../../base64.ts';
import { concatBytes, readUint32, sameBytesConstantTime, toHex, writeUint16, writeUint32 } from '../../bytes.ts';
import type { Hashes } from '../../hashes.ts';
import type { Random } from '../../random.ts';
import { nonceCookie } from '../../stun/nonce-cookie.ts';
import type { UnixSeconds } from '../../time.ts';
import { encodeUtf8 } from '../../utf8.ts';

/** Used nonces that are remembered, where each serves once. */
const MAX_USED = 10_000;

/** Seconds since 1970, a serial number, and the MAC over both and the client's address. */
const STAMP_LENGTH = 6;
const MAC_LENGTH = 6;
const TEXT_LENGTH = ((STAMP_LENGTH + MAC_LENGTH) * 4) / 3;

/**
 * Nonces that need no memory: the time of issue and a MAC over it and the client's IP address, so that one overheard cannot
 * be used from elsewhere. The port is left out: RFC 6062's data connections share the control connection's nonce.
 *
 * Short, for a challenge goes to whoever a packet says to come from, and must not be larger than need be. 48 bits of MAC do:
 * whoever guesses one still lacks the password.
 */
export class Nonces {
  readonly #hashes: Hashes;
  readonly #secret: Uint8Array;
  /** RFC 8489 9.2: the cookie that says what the server can do. */
  readonly #cookie: string;
  #serial = 0;
  /** Those that were good for one request, and had it. */
  readonly #used = new Set<string>();

  /** `usernameAnonymity`: clients are to send USERHASH, so every user must be known by hash. */
  constructor(hashes: Hashes, random: Random, usernameAnonymity: boolean) {
    this.#hashes = hashes;
    this.#cookie = nonceCookie({ passwordAlgorithms: true, usernameAnonymity });
    this.#secret = random.bytes(20);
  }

  issue(clientAddress: string, now: UnixSeconds): string {
    const stamp = new Uint8Array(STAMP_LENGTH);
    writeUint32(Math.trunc(now), stamp, 0);
    writeUint16(this.#serial++ & 0xffff, stamp, 4);
    return this.#cookie + toBase64(concatBytes(stamp, this.#mac(stamp, clientAddress)));
  }

  /** `once`: never again after this. */
  accepts(nonce: string, clientAddress: string, now: UnixSeconds, lifetime: number, once: boolean): boolean {
    const { length } = this.#cookie;
    const bytes = nonce.startsWith(this.#cookie) ? fromBase64(nonce.slice(length)) : undefined;
    if (bytes?.length !== STAMP_LENGTH + MAC_LENGTH || nonce.length !== length + TEXT_LENGTH) return false;
    const stamp = bytes.subarray(0, STAMP_LENGTH);
    if (!sameBytesConstantTime(bytes.subarray(STAMP_LENGTH), this.#mac(stamp, clientAddress))) return false;
    const age = Math.trunc(now) - readUint32(stamp, 0);
    if (age < 0 || age >= lifetime) return false;
    if (!once) return true;
    const name = toHex(stamp);
    if (this.#used.has(name)) return false;
    if (this.#used.size >= MAX_USED) this.#used.clear();
    this.#used.add(name);
    return true;
  }

  #mac(stamp: Uint8Array, clientAddress: string): Uint8Array {
    return this.#hashes.hmacSha1(this.#secret, concatBytes(stamp, encodeUtf8(clientAddress))).subarray(0, MAC_LENGTH);
  }
}
