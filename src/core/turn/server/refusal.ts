import type { SocketAddress } from '../../address.ts';
import { ERROR_REASONS } from '../../stun/registry.ts';

/** An error response in the making. */
export interface Refusal {
  readonly code: number;
  /** The reason phrase, as the client reads it. */
  readonly reason: string;
  /** For the server's log, where it may know more than the client shall hear. */
  readonly why: string;
  /** UNKNOWN-ATTRIBUTES of 420. */
  readonly unknown?: readonly number[];
  /** ALTERNATE-SERVER of 300. */
  readonly alternate?: SocketAddress;
  /** Send REALM, NONCE and PASSWORD-ALGORITHMS along (401 and 438). */
  readonly challenge?: boolean;
  /** The request held no credentials, as every client's first does. */
  readonly isFirst?: boolean;
}

export function refusal(code: number, why: string, more: Omit<Refusal, 'code' | 'reason' | 'why'> = {}): Refusal {
  return { code, reason: ERROR_REASONS[code] ?? 'Error', why, ...more };
}

/** 400 says what is wrong: nobody gains by guessing. */
export function badRequest(why: string): Refusal {
  return { code: 400, reason: `Bad Request: ${why}`, why };
}
