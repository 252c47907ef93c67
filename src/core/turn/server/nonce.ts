import { sameBytesConstantTime, toHex } from '../../bytes.ts';
import type { Hashes } from '../../hashes.ts';
import type { Random } from '../../random.ts';
import { nonceCookie } from '../../stun/nonce-cookie.ts';
import type { UnixSeconds } from '../../time.ts';
import { encodeUtf8 } from '../../utf8.ts';

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
  #lifetime: number;
  #generation = 0;

  /** `usernameAnonymity`: clients are to send USERHASH, so every user must be known by hash. */
  constructor(hashes: Hashes, random: Random, lifetimeSeconds: number, usernameAnonymity: boolean) {
    this.#hashes = hashes;
    this.#cookie = nonceCookie({ passwordAlgorithms: true, usernameAnonymity });
    this.#secret = random.bytes(20);
    this.#lifetime = lifetimeSeconds;
  }

  issue(clientAddress: string, now: UnixSeconds): string {
    const time = Math.trunc(now).toString(16).padStart(8, '0');
    return this.#cookie + time + this.#mac(time, clientAddress);
  }

  isValid(nonce: string, clientAddress: string, now: UnixSeconds): boolean {
    if (nonce.length !== this.#cookie.length + 8 + 20 || !nonce.startsWith(this.#cookie)) return false;
    const time = nonce.slice(this.#cookie.length, this.#cookie.length + 8);
    const mac = nonce.slice(this.#cookie.length + 8);
    if (!sameBytesConstantTime(encodeUtf8(mac), encodeUtf8(this.#mac(time, clientAddress)))) return false;
    const age = Math.trunc(now) - Number.parseInt(time, 16);
    return age >= 0 && age < this.#lifetime;
  }

  /** Makes every nonce issued so far stale. */
  rotate(): void {
    this.#generation++;
  }

  set lifetime(seconds: number) {
    this.#lifetime = seconds;
  }

  #mac(time: string, clientAddress: string): string {
    const text = encodeUtf8(`${this.#generation}|${time}|${clientAddress}`);
    return toHex(this.#hashes.hmacSha1(this.#secret, text).subarray(0, 10));
  }
}
