import { durationOf } from './health.ts';
import type { MonitorClock } from './monitor.ts';

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

const BEAT_MS = 500;
/** A beat that is later than this was held up by more than other work. */
const STALL_MS = 1000;
/** Shorter ones are counted, and not told each time. */
const TOLD_MS = 5000;

/**
 * Tells when this process did not run: the machine was overloaded, or stopped. Then answers lie unread and deadlines pass,
 * which looks as if servers were silent.
 */
export class StallWatch {
  count = 0;
  /** When the last one was over, by the monotonic clock. */
  lastAt = Number.NEGATIVE_INFINITY;
  readonly #clock: MonitorClock;
  readonly #onRemark: (text: string) => void;
  #timer: { cancel(): void };

  constructor(clock: MonitorClock, onRemark: (text: string) => void) {
    this.#clock = clock;
    this.#onRemark = onRemark;
    this.#timer = this.#beat();
  }

  close(): void {
    this.#timer.cancel();
  }

  #beat(): { cancel(): void } {
    const due = this.#clock.monotonic() + BEAT_MS;
    return this.#clock.after(BEAT_MS, () => {
      const now = this.#clock.monotonic();
      if (now - due > STALL_MS) this.#note(now, now - due);
      this.#timer = this.#beat();
    });
  }

  #note(now: number, ms: number): void {
    this.count++;
    this.lastAt = now;
    if (ms < TOLD_MS) return;
    const seconds = durationOf(Math.round(ms / 1000));
    this.#onRemark(`this machine stood still for ${seconds}: runs that failed meanwhile are made again`);
  }
}
