/** When a target is to be probed. */
export interface Scheduled {
  readonly name: string;
  /** Milliseconds from one begin to the next; undefined: only when somebody asks. */
  readonly intervalMs: number | undefined;
  /** Each begin is later by up to this many milliseconds, at random. */
  readonly jitterMs: number;
}

export type ScheduleOutput =
  /** To be started now. */
  | { readonly type: 'start'; readonly name: string }
  /** Runs that should have begun and will not be made up for: the last one was still going, or nobody was awake. */
  | { readonly type: 'skipped'; readonly name: string; readonly count: number; readonly because: 'busy' | 'asleep' };

export interface ScheduleOptions {
  /** How many may run at a time. */
  readonly concurrency: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Targets that are new at the same time begin at most this far apart. */
const SPREAD_MS = 1000;

interface Entry {
  readonly target: Scheduled;
  /** Some instant at which an interval begins. The others follow from it, so that jitter does not add up. */
  readonly origin: number;
  /** When it is next due. */
  due: number | undefined;
}

/**
 * Decides which target is probed when: each on its own schedule, none twice at a time, no more at a time than allowed, in
 * the order in which they became due. A machine: it is told the time (milliseconds of a monotonic clock), and asked by
 * {@link poll} what to do after each call, until that gives undefined.
 */
export class Schedule {
  readonly #random: () => number;
  #concurrency: number;
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Set<string>();
  /** Asked for by somebody who waits: they go first. */
  readonly #asked = new Set<string>();
  readonly #waiting = new Set<string>();
  readonly #outputs: ScheduleOutput[] = [];

  constructor({ concurrency, random }: ScheduleOptions) {
    this.#concurrency = concurrency;
    this.#random = random;
  }

  /** Replaces the targets. One whose interval stays keeps its place in time; a run under way goes on until `finished`. */
  setTargets(targets: readonly Scheduled[], now: number): void {
    const known = new Map(this.#entries);
    this.#entries.clear();
    const fresh = targets.filter((target) => known.get(target.name)?.target.intervalMs !== target.intervalMs);
    targets.forEach((target) => {
      const before = known.get(target.name);
      if (before !== undefined && !fresh.includes(target)) {
        this.#entries.set(target.name, { ...before, target });
        return;
      }
      const { intervalMs } = target;
      const place = fresh.indexOf(target);
      const origin = intervalMs === undefined ? now : now + place * Math.min(SPREAD_MS, intervalMs / fresh.length);
      this.#entries.set(target.name, { target, origin, due: intervalMs === undefined ? undefined : origin });
    });
    for (const queue of [this.#asked, this.#waiting]) {
      for (const name of queue) if (!this.#entries.has(name)) queue.delete(name);
    }
    this.handleTimeout(now);
  }

  setConcurrency(concurrency: number): void {
    this.#concurrency = concurrency;
    this.#fill();
  }

  /** A run as soon as may be, without waiting for the schedule; one that is under way will do. False: no such target. */
  ask(name: string): boolean {
    if (!this.#entries.has(name)) return false;
    if (!this.#running.has(name)) {
      this.#waiting.delete(name);
      this.#asked.add(name);
      this.#fill();
    }
    return true;
  }

  finished(name: string): void {
    this.#running.delete(name);
    this.#fill();
  }

  handleTimeout(now: number): void {
    const due = [...this.#entries.values()].filter((entry) => this.#isDue(entry, now));
    for (const entry of due.toSorted((a, b) => (a.due ?? 0) - (b.due ?? 0))) this.#pass(entry, now);
    this.#fill();
  }

  poll(): ScheduleOutput | undefined {
    return this.#outputs.shift();
  }

  get deadline(): { readonly at: number; readonly why: string } | undefined {
    let next: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.due !== undefined && entry.due < (next?.due ?? Number.POSITIVE_INFINITY)) next = entry;
    }
    return next?.due === undefined ? undefined : { at: next.due, why: `the next run of ${next.target.name}` };
  }

  /** When a target is next due; undefined where it has no schedule. */
  nextOf(name: string): number | undefined {
    return this.#entries.get(name)?.due;
  }

  isRunning(name: string): boolean {
    return this.#running.has(name);
  }

  get running(): number {
    return this.#running.size;
  }

  /** Due, or asked for, and held up by the limit. */
  get waiting(): number {
    return this.#asked.size + this.#waiting.size;
  }

  /** A clock that was put back must not keep a target waiting for as long as it was put back. */
  #isDue(entry: Entry, now: number): boolean {
    const { due, target } = entry;
    if (due === undefined) return false;
    const furthest = now + 2 * (target.intervalMs ?? 0) + target.jitterMs + SPREAD_MS * this.#entries.size;
    if (due > furthest) entry.due = this.#slotAfter(entry, now);
    return (entry.due ?? now + 1) <= now;
  }

  /** One that is due begins or waits; what it missed in the meantime is past. */
  #pass(entry: Entry, now: number): void {
    const { target, due = now } = entry;
    const { name, intervalMs = Number.POSITIVE_INFINITY } = target;
    const missed = Math.floor((now - due) / intervalMs);
    entry.due = this.#slotAfter(entry, now);
    if (missed > 0) this.#outputs.push({ type: 'skipped', name, count: missed, because: 'asleep' });
    if (this.#running.has(name) || this.#waiting.has(name) || this.#asked.has(name)) {
      this.#outputs.push({ type: 'skipped', name, count: 1, because: 'busy' });
    } else {
      this.#waiting.add(name);
    }
  }

  #slotAfter({ target, origin }: Entry, now: number): number {
    const { intervalMs = Number.POSITIVE_INFINITY, jitterMs } = target;
    const slot = origin + (Math.floor((now - origin) / intervalMs) + 1) * intervalMs;
    return slot + this.#random() * Math.min(jitterMs, intervalMs);
  }

  #fill(): void {
    for (const queue of [this.#asked, this.#waiting]) {
      for (const name of queue) {
        if (this.#running.size >= this.#concurrency) return;
        // A target that was taken out and put back while its run lasted.
        if (this.#running.has(name)) continue;
        queue.delete(name);
        this.#running.add(name);
        this.#outputs.push({ type: 'start', name });
      }
    }
  }
}
