import type { Deadline } from '../../machine.ts';
import type { Instant } from '../../time.ts';

/** What has to be done at its time, each under its name: `renewal of the allocation`. */
export class Renewals {
  readonly #entries = new Map<string, { readonly at: Instant; readonly act: (now: Instant) => void }>();

  /** The first of them: it is asked for after each packet of a run, and changes seldom. */
  #first: Deadline | undefined;

  get deadline(): Deadline | undefined {
    return this.#first;
  }

  set(what: string, at: Instant, act: (now: Instant) => void): void {
    this.#entries.set(what, { at, act });
    this.#look();
  }

  clear(): void {
    this.#entries.clear();
    this.#look();
  }

  handleTimeout(now: Instant): void {
    if (this.#first === undefined || now < this.#first.at) return;
    for (const [what, entry] of [...this.#entries]) {
      if (now < entry.at || this.#entries.get(what) !== entry) continue;
      this.#entries.delete(what);
      entry.act(now);
    }
    this.#look();
  }

  #look(): void {
    this.#first = undefined;
    for (const [what, { at }] of this.#entries) {
      if (this.#first === undefined || at < this.#first.at) this.#first = { at, why: what };
    }
  }
}

/** RFC 8656 8 recommends to refresh a minute before the end; of short lifetimes that leaves nothing, so half of them. */
export function renewAfterMs(lifetimeSeconds: number): number {
  return 1000 * (lifetimeSeconds > 120 ? lifetimeSeconds - 60 : lifetimeSeconds / 2);
}
