import { sameBytesConstantTime, toHex } from '../../bytes.ts';
import type { Hashes } from '../../hashes.ts';
import type { Random } from '../../random.ts';
import { nonceCookie } from '../../stun/nonce-cookie.ts';
import type { UnixSeconds } from '../../time.ts';
import { encodeUtf8 } from '../../utf8.ts';

/** Used nonces that are remembered, where each serves once. */
const MAX_USED = 10_000;

/**
 * Nonces that need no memory: the time of issue in hexadecimal and a MAC over it and the client's IP address, so that one
 * overheard cannot be used from elsewhere. The port is left out: RFC 6062's data connections share the control
 * connection's nonce.
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
    const serial = (this.#serial++ & 0xffff).toString(16).padStart(4, '0');
    const stamp = Math.trunc(now).toString(16).padStart(8, '0') + serial;
    return this.#cookie + stamp + this.#mac(stamp, clientAddress);
  }

  /** `once`: never again after this. */
  accepts(nonce: string, clientAddress: string, now: UnixSeconds, lifetime: number, once: boolean): boolean {
    const { length } = this.#cookie;
    if (nonce.length !== length + 12 + 20 || !nonce.startsWith(this.#cookie)) return false;
    const stamp = nonce.slice(length, length + 12);
    const mac = nonce.slice(length + 12);
    if (!sameBytesConstantTime(encodeUtf8(mac), encodeUtf8(this.#mac(stamp, clientAddress)))) return false;
    const age = Math.trunc(now) - Number.parseInt(stamp.slice(0, 8), 16);
    if (age < 0 || age >= lifetime) return false;
    if (!once) return true;
    if (this.#used.has(stamp)) return false;
    if (this.#used.size >= MAX_USED) this.#used.clear();
    this.#used.add(stamp);
    return true;
  }

  #mac(stamp: string, clientAddress: string): string {
    const text = encodeUtf8(`${stamp}|${clientAddress}`);
    return toHex(this.#hashes.hmacSha1(this.#secret, text).subarray(0, 10));
  }
}
