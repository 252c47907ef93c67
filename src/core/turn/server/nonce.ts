import { sameBytesConstantTime, toHex } from '../../bytes.ts';
import type { Hashes } from '../../hashes.ts';
import type { Random } from '../../random.ts';
import type { UnixSeconds } from '../../time.ts';
import { encodeUtf8 } from '../../utf8.ts';

/** RFC 8489 9.2: begins the nonce of a server that speaks of its security features in it. */
export const NONCE_COOKIE = 'obMatJos2';

/**
 * RFC 8489 18.1: the feature set is 24 bits in base64, the first bit the most significant. Bit 0: password algorithms,
 * bit 1: user name anonymity. `wAAA` is both.
 */
const FEATURES = 'wAAA';

const HEADER = NONCE_COOKIE + FEATURES;

/**
 * Nonces that need no memory: the time of issue in hexadecimal and a MAC over it and the client's IP address, so that one
 * overheard cannot be used from elsewhere. The port is left out: RFC 6062's data connections share the control
 * connection's nonce.
 */
export class Nonces {
  readonly #hashes: Hashes;
  readonly #secret: Uint8Array;
  #lifetime: number;
  #generation = 0;

  constructor(hashes: Hashes, random: Random, lifetimeSeconds: number) {
    this.#hashes = hashes;
    this.#secret = random.bytes(20);
    this.#lifetime = lifetimeSeconds;
  }

  issue(clientAddress: string, now: UnixSeconds): string {
    const time = Math.trunc(now).toString(16).padStart(8, '0');
    return HEADER + time + this.#mac(time, clientAddress);
  }

  isValid(nonce: string, clientAddress: string, now: UnixSeconds): boolean {
    if (nonce.length !== HEADER.length + 8 + 20 || !nonce.startsWith(HEADER)) return false;
    const time = nonce.slice(HEADER.length, HEADER.length + 8);
    const mac = nonce.slice(HEADER.length + 8);
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
