import type { UnixSeconds } from '../core/time.ts';

/** What a user name of a "TURN REST API" credential tells: `<unix expiry>[:user]`. */
export interface RestUsername {
  readonly expiresAt: UnixSeconds;
  /** The time stands in milliseconds, which no server expects. */
  readonly milliseconds: boolean;
  /** `user:<expiry>`: the wrong way round. */
  readonly reversed: boolean;
}

// 2001 to 2286 in seconds, and the same in milliseconds: shorter numbers are somebody's account number.
const SECONDS = /^[1-9]\d{9}$/;
const MILLISECONDS = /^[1-9]\d{12}$/;

/** undefined where the user name carries no expiry. */
export function parseRestUsername(username: string): RestUsername | undefined {
  const parts = username.split(':');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  for (const [part, reversed] of [
    [first, false],
    [last, true],
  ] as const) {
    if (reversed && parts.length < 2) return undefined;
    if (SECONDS.test(part)) return { expiresAt: Number(part), milliseconds: false, reversed };
    if (MILLISECONDS.test(part)) return { expiresAt: Number(part) / 1000, milliseconds: true, reversed };
  }
  return undefined;
}
