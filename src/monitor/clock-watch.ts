/** Less is what time servers do all day. */
const JUMP_MS = 2000;

/**
 * Tells when the clock on the wall was set, or the machine slept: then it goes on by another amount than the monotonic
 * one. No schedule hangs on the wall clock, but times in logs, expiry of credentials and certificates do.
 */
export class ClockWatch {
  #difference: number | undefined;

  /** Both in milliseconds, read together. Resolves to how far the wall clock jumped since the last call, 0 if it did not. */
  note(monotonic: number, wall: number): number {
    const difference = wall - monotonic;
    const jump = difference - (this.#difference ?? difference);
    this.#difference = difference;
    return Math.abs(jump) < JUMP_MS ? 0 : jump;
  }
}
