import { type Profiler, Session } from 'node:inspector';

/** Tells which inputs reach code that none before them reached, by the engine's own counters of blocks. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  start(): void {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    this.add(this.look());
  }

  /** What was reached since the last look, that never was before. It stays new until it is {@link add}ed. */
  look(): Set<string> {
    const fresh = new Set<string>();
    for (const script of this.#post<Profiler.TakePreciseCoverageReturnType>('Profiler.takePreciseCoverage').result) {
      if (!script.url.includes('.iceprobe')) continue;
      for (const { ranges } of script.functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count === 0) continue;
          // How often counts too, roughly: a loop that runs a hundred times is another than one that runs once.
          const key = `${startOffset} ${endOffset} ${Math.min(6, Math.floor(Math.log2(count)))}`;
          if (!this.#seen.has(key)) fresh.add(key);
        }
      }
    }
    return fresh;
  }

  add(keys: Iterable<string>): void {
    for (const key of keys) this.#seen.add(key);
  }

  get size(): number {
    return this.#seen.size;
  }

  #post<T>(method: string, parameters: object = {}): T {
    let answer: T | undefined;
    // Within one thread the answer is there when the call returns.
    this.#session.post(method, parameters, (error: Error | null, result?: object) => {
      if (error !== null) throw error;
      answer = result as T;
    });
    return answer as T;
  }
}
