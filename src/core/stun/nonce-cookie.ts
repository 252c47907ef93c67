import { fromBase64, toBase64 } from '../base64.ts';

/** RFC 8489 18.1: what the server says it can do, in a place that the request repeats and its integrity protects. */
export interface SecurityFeatures {
  /** Bit 0: the answer carries PASSWORD-ALGORITHMS. */
  readonly passwordAlgorithms: boolean;
  /** Bit 1: USERHASH is to be sent in the place of USERNAME. */
  readonly usernameAnonymity: boolean;
}

const PREFIX = 'obMatJos2';
const COOKIE_LENGTH = PREFIX.length + 4;

/** The 13 characters that a nonce of such a server begins with (RFC 8489 9.2). */
export function nonceCookie(features: SecurityFeatures): string {
  // Erratum 6290: bit 0 is the least significant one, as RFC 8489 B.1 has it; the RFC's prose says the reverse.
  const bits = (features.passwordAlgorithms ? 1 : 0) | (features.usernameAnonymity ? 2 : 0);
  return PREFIX + toBase64(Uint8Array.of(0, 0, bits));
}

/** Undefined where the nonce carries no cookie: a server of RFC 5389, or one without these features. */
export function readNonceCookie(nonce: string): SecurityFeatures | undefined {
  if (!nonce.startsWith(PREFIX)) return undefined;
  const bytes = fromBase64(nonce.slice(PREFIX.length, COOKIE_LENGTH));
  if (bytes?.length !== 3) return undefined;
  const [first = 0, , last = 0] = bytes;
  // Servers written by the prose before erratum 6290 count from the other end; no other bits are assigned to mix them up with.
  return {
    passwordAlgorithms: (last & 1) !== 0 || (first & 0x80) !== 0,
    usernameAnonymity: (last & 2) !== 0 || (first & 0x40) !== 0,
  };
}
