import type { DataSample } from './events.ts';
import type { CallClock } from './peer-connection.ts';

const SHORTEST_MS = 50;
/** However long is measured: about so many samples tell it. */
const SAMPLES = 200;

/** Tells now and then what is being measured, for plots of it. */
export class Sampler {
  readonly #clock: CallClock;
  readonly #everyMs: number;
  readonly #onSample: (sample: DataSample) => void;
  #what: keyof DataSample | undefined;
  #bytes: () => number = () => 0;
  #since = { at: 0, bytes: 0, roundTrips: 0, sumMs: 0 };
  #cancel: () => void = () => {};

  constructor(clock: CallClock, durationMs: number, onSample: (sample: DataSample) => void) {
    this.#clock = clock;
    this.#everyMs = Math.max(SHORTEST_MS, durationMs / SAMPLES);
    this.#onSample = onSample;
  }

  /** `bytes`: how many have crossed so far. */
  begin(what: keyof DataSample, bytes: () => number): void {
    this.#what = what;
    this.#bytes = bytes;
    this.#reset();
    this.#wait();
  }

  onRoundTrip(ms: number): void {
    this.#since.roundTrips++;
    this.#since.sumMs += ms;
  }

  /** Tells what has come since the last sample, too. */
  stop(): void {
    this.#cancel();
    if (this.#what !== undefined && this.#value(this.#what) !== null) this.#tell();
    this.#what = undefined;
  }

  #wait(): void {
    this.#cancel = this.#clock.after(this.#everyMs, () => {
      this.#tell();
      this.#reset();
      this.#wait();
    });
  }

  #tell(): void {
    if (this.#what === undefined) return;
    this.#onSample({ ...{ rttMs: null, toAnswerer: null, toOfferer: null }, [this.#what]: this.#value(this.#what) });
  }

  #value(what: keyof DataSample): number | null {
    const { at, bytes, roundTrips, sumMs } = this.#since;
    if (what === 'rttMs') return roundTrips === 0 ? null : Math.round((1000 * sumMs) / roundTrips) / 1000;
    const tookMs = this.#clock.now() - at;
    return tookMs < 1 ? null : Math.max(0, Math.round(((this.#bytes() - bytes) * 8000) / tookMs));
  }

  #reset(): void {
    this.#since = { at: this.#clock.now(), bytes: this.#bytes(), roundTrips: 0, sumMs: 0 };
  }
}
