/** How often the event loop is looked at. */
const BEAT_MS = 20;

/** When the event loop of this process stood still, and for how long: whoever blames a server has to know of it. */
export class Stalls {
  readonly #stalls: { readonly endedAt: number; readonly ms: number }[] = [];
  #beatAt = performance.now();
  readonly #timer = setInterval(() => this.#beat(), BEAT_MS).unref();

  /** Whole milliseconds; of a long time only the last 40 s are known. */
  longestSince(instant: number): number {
    this.#beat();
    const since = this.#stalls.filter(({ endedAt }) => endedAt > instant);
    return Math.round(Math.max(0, ...since.map(({ ms }) => ms)));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    this.#stalls.push({ endedAt: now, ms: now - this.#beatAt - BEAT_MS });
    if (this.#stalls.length > 4000) this.#stalls.splice(0, 2000);
    this.#beatAt = now;
  }
}
