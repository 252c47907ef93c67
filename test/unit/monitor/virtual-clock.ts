import type { MonitorClock } from '../../../src/monitor/monitor.ts';

/** Time that passes when a test says so. */
export class VirtualClock implements MonitorClock {
  #now = 0;
  /** What the wall clock is ahead of the other by. */
  wallOffset = Date.parse('2030-01-01T00:00:00Z');
  readonly #timers: { readonly at: number; readonly callback: () => void }[] = [];

  readonly monotonic = (): number => this.#now;
  readonly wall = (): Date => new Date(this.#now + this.wallOffset);

  readonly after = (ms: number, callback: () => void): { cancel(): void } => {
    const timer = { at: this.#now + ms, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer);
        if (index >= 0) this.#timers.splice(index, 1);
      },
    };
  };

  /** Lets time pass, timer by timer, and everything that follows from each. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (let steps = 0; steps < 100_000; steps++) {
      await settled();
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) {
        this.#now = until;
        return;
      }
      this.#now = Math.max(this.#now, next.at);
      this.#timers.splice(this.#timers.indexOf(next), 1);
      next.callback();
    }
    throw new Error('it never ends');
  }

  /** Nothing of this process runs for that long. */
  stall(ms: number): void {
    this.#now += ms;
  }

  get timers(): number {
    return this.#timers.length;
  }
}

/** Once every promise that is settled has told those who wait for it. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 25; i++) await Promise.resolve();
}
