import type { Deadline } from '../../machine.ts';
import type { Instant } from '../../time.ts';

/** What has to be done at its time, each under its name: `renewal of the allocation`. */
export class Renewals {
  readonly #entries = new Map<string, { readonly at: Instant; readonly act: (now: Instant) => void }>();

  set(what: string, at: Instant, act: (now: Instant) => void): void {
    this.#entries.set(what, { at, act });
  }

  clear(): void {
    this.#entries.clear();
  }

  get deadline(): Deadline | undefined {
    let first: Deadline | undefined;
    for (const [what, { at }] of this.#entries) {
      if (first === undefined || at < first.at) first = { at, why: what };
    }
    return first;
  }

  handleTimeout(now: Instant): void {
    for (const [what, entry] of [...this.#entries]) {
      if (now < entry.at || this.#entries.get(what) !== entry) continue;
      this.#entries.delete(what);
      entry.act(now);
    }
  }
}

/** RFC 8656 8 recommends to refresh a minute before the end; of short lifetimes that leaves nothing, so half of them. */
export function renewAfterMs(lifetimeSeconds: number): number {
  return 1000 * (lifetimeSeconds > 120 ? lifetimeSeconds - 60 : lifetimeSeconds / 2);
}
