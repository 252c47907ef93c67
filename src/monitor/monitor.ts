import type { Report } from '../record/report.ts';
import { keptReport, runBounded, Stuck } from './bounded-run.ts';
import { ClockWatch, StallWatch } from './clock-watch.ts';
import { type Change, durationOf, Health } from './health.ts';
import { Schedule, type Scheduled, type ScheduleOutput } from './schedule.ts';
import { Series } from './series.ts';

/** Something to be watched, and how that is done. */
export interface MonitorTarget extends Scheduled {
  readonly urls: readonly string[];
  /** Milliseconds within which a run ends by itself. */
  readonly longestMs: number;
  /** Asks the servers once. Aborted: gives back what they hold for us, then ends, one way or another. */
  run(signal: AbortSignal): Promise<Report>;
}

/** The time, so that tests can have another. */
export interface MonitorClock {
  /** Milliseconds; no step of the wall clock moves it. */
  readonly monotonic: () => number;
  readonly wall: () => Date;
  readonly after: (ms: number, callback: () => void) => { cancel(): void };
}

export interface MonitorOptions {
  readonly clock: MonitorClock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Runs at a time. */
  readonly concurrency: number;
  /** Runs in a row that must agree before a change is told. */
  readonly confirm: number;
  readonly onChange: (change: Change) => void;
  /** What is to be known about the monitor itself. */
  readonly onRemark: (text: string) => void;
  /** A run is over, whatever came of it. */
  readonly onRun?: () => void;
}

export interface LastRun {
  readonly report: Report;
  readonly endedAt: Date;
}

/** What is known of a target. */
export interface Watched {
  readonly name: string;
  readonly urls: readonly string[];
  readonly intervalMs: number | undefined;
  readonly health: Health;
  readonly series: Series;
  readonly last: LastRun | undefined;
  readonly isRunning: boolean;
  /** Seconds until the next run; undefined where it only runs when it is asked for. */
  readonly nextInSeconds: number | undefined;
  /** Why the last run gave no report: a fault of iceprobe's own. */
  readonly fault: string | undefined;
}

/** How often a run in a row does not count because this machine stood still meanwhile. */
const MOST_DISCARDED = 2;
/** The clocks are looked at this often at least. */
const TICK_MS = 10_000;

class Entry {
  target: MonitorTarget;
  readonly health: Health;
  readonly series = new Series();
  last: LastRun | undefined;
  fault: string | undefined;
  run: AbortController | undefined;
  /** Runs since the last one that counted. */
  discarded = 0;
  readonly waiting: (() => void)[] = [];

  constructor(target: MonitorTarget) {
    this.target = target;
    this.health = new Health(target.name);
  }
}

/** Watches targets, each on its schedule, and tells what changes. */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #clock: MonitorClock;
  readonly #schedule: Schedule;
  readonly #clocks = new ClockWatch();
  readonly #stalls: StallWatch;
  readonly #entries = new Map<string, Entry>();
  readonly #runs = new Set<Promise<void>>();
  #timer: { cancel(): void } | undefined;
  #isClosed = false;
  #behindSince: number | undefined;
  clockJumps = 0;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#schedule = new Schedule(options);
    this.#stalls = new StallWatch(options.clock, options.onRemark);
  }

  /** Replaces the targets. What is known of one that stays is kept; a run of one that goes is aborted. */
  setTargets(targets: readonly MonitorTarget[]): void {
    const before = new Map(this.#entries);
    this.#entries.clear();
    for (const target of targets) {
      const entry = before.get(target.name) ?? new Entry(target);
      before.delete(target.name);
      entry.target = target;
      entry.series.keepUrls(target.urls);
      this.#entries.set(target.name, entry);
    }
    for (const entry of before.values()) {
      if (entry.run === undefined) this.#release(entry);
      else entry.run.abort();
    }
    this.#schedule.setTargets(targets, this.#clock.monotonic());
    this.#wake();
  }

  setConcurrency(concurrency: number): void {
    this.#schedule.setConcurrency(concurrency);
    this.#drain();
  }

  /** Resolves once a run has ended, the one under way or else a new one; undefined: no such target, or we are closing. */
  async probe(name: string): Promise<Watched | undefined> {
    const entry = this.#entries.get(name);
    if (entry === undefined || this.#isClosed) return undefined;
    const ended = new Promise<void>((resolve) => entry.waiting.push(resolve));
    this.#schedule.ask(name);
    this.#drain();
    await ended;
    return this.#isClosed || this.#entries.get(name) !== entry ? undefined : this.#watched(entry);
  }

  get targets(): readonly Watched[] {
    return [...this.#entries.values()].map((entry) => this.#watched(entry));
  }

  get running(): number {
    return this.#schedule.running;
  }

  get waiting(): number {
    return this.#schedule.waiting;
  }

  /** How often this machine stood still. */
  get stalls(): number {
    return this.#stalls.count;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Aborts what runs; resolves once all of it has given back what it held. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#stalls.close();
    for (const entry of this.#entries.values()) entry.run?.abort();
    await Promise.all(this.#runs);
    for (const entry of this.#entries.values()) this.#release(entry);
  }

  #watched(entry: Entry): Watched {
    const { target, health, series, last, fault } = entry;
    const next = this.#schedule.nextOf(target.name);
    return {
      name: target.name,
      urls: target.urls,
      intervalMs: target.intervalMs,
      health,
      series,
      last,
      fault,
      isRunning: this.#schedule.isRunning(target.name),
      nextInSeconds: next === undefined ? undefined : Math.max(0, next - this.#clock.monotonic()) / 1000,
    };
  }

  #wake(): void {
    if (this.#isClosed) return;
    const now = this.#clock.monotonic();
    this.#watchClocks(now);
    this.#schedule.handleTimeout(now);
    this.#drain();
    this.#timer?.cancel();
    const at = this.#schedule.deadline?.at ?? Number.POSITIVE_INFINITY;
    this.#timer = this.#clock.after(Math.min(TICK_MS, Math.max(0, at - now)), () => this.#wake());
  }

  #drain(): void {
    for (let output = this.#schedule.poll(); output !== undefined; output = this.#schedule.poll()) {
      const entry = this.#entries.get(output.name);
      if (output.type === 'skipped') this.#noteSkipped(output, entry);
      else if (entry === undefined || this.#isClosed) this.#schedule.finished(output.name);
      else this.#start(entry);
    }
    this.#noteCaughtUp();
  }

  #start(entry: Entry): void {
    const run = new AbortController();
    entry.run = run;
    const { name } = entry.target;
    const startedAt = this.#clock.monotonic();
    let isAgain = false;
    const settled = runBounded(entry.target, run, this.#clock)
      .then((report) => {
        if (run.signal.aborted) return;
        isAgain = report.exitCode !== 0 && this.#stalls.lastAt > startedAt && entry.discarded < MOST_DISCARDED;
        if (isAgain) this.#discard(entry);
        else this.#noteReport(entry, report);
      })
      .catch((error: unknown) => {
        if (!run.signal.aborted || error instanceof Stuck) this.#noteFault(entry, error);
      })
      .then(() => {
        if (entry.run === run) entry.run = undefined;
        if (!isAgain) this.#release(entry);
        this.#runs.delete(settled);
        if (!this.#isClosed) this.#options.onRun?.();
        this.#schedule.finished(name);
        // Taken out and put back meanwhile: whoever asked for the new one waits for a run of its own.
        if (isAgain || (this.#entries.get(name)?.waiting.length ?? 0) > 0) this.#schedule.ask(name);
        this.#drain();
      });
    this.#runs.add(settled);
  }

  /** What failed while this machine stood still says nothing about a server. */
  #discard(entry: Entry): void {
    entry.discarded++;
    entry.series.discarded++;
  }

  #noteReport(entry: Entry, given: Report): void {
    entry.discarded = 0;
    const report = keptReport(given);
    const endedAt = this.#clock.wall();
    entry.fault = undefined;
    entry.last = { report, endedAt };
    entry.series.note(report);
    for (const change of entry.health.note(report, endedAt, this.#options.confirm)) {
      entry.series.changes.add(change.change);
      this.#options.onChange(change);
    }
  }

  #noteFault(entry: Entry, error: unknown): void {
    entry.series.faults++;
    const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (entry.fault === words) return;
    entry.fault = words;
    const place = error instanceof Error ? (error.stack?.split('\n')[1]?.trim() ?? '') : '';
    this.#options.onRemark(
      `a fault of iceprobe's own in a run of ${entry.target.name}, not of your servers: ${words} ${place}`.trimEnd(),
    );
  }

  #release(entry: Entry): void {
    for (const resolve of entry.waiting.splice(0)) resolve();
  }

  #noteSkipped({ name, count, because }: Extract<ScheduleOutput, { type: 'skipped' }>, entry: Entry | undefined): void {
    entry?.series.skipped.add(because, count);
    if (because !== 'busy') return;
    if (this.#behindSince === undefined) {
      const remedy = this.waiting > 0 ? 'raise --concurrency or the intervals' : 'raise its interval';
      this.#options.onRemark(
        `the schedule cannot be kept: ${name} was due again before its last run was over (${this.running} running, ` +
          `${this.waiting} waiting); ${remedy}`,
      );
    }
    this.#behindSince = this.#clock.monotonic();
  }

  /** Once nothing was skipped for three of the longest intervals: what just about fails would be told again and again. */
  #noteCaughtUp(): void {
    if (this.#behindSince === undefined) return;
    const longest = Math.max(...[...this.#entries.values()].map(({ target }) => target.intervalMs ?? 0), 0);
    if (this.#clock.monotonic() - this.#behindSince <= 3 * longest) return;
    this.#behindSince = undefined;
    this.#options.onRemark('the schedule is kept again');
  }

  #watchClocks(now: number): void {
    const jump = this.#clocks.note(now, this.#clock.wall().getTime());
    if (jump === 0) return;
    this.clockJumps++;
    const direction = jump > 0 ? 'ahead' : 'back';
    this.#options.onRemark(
      `the clock of this machine jumped ${durationOf(Math.round(Math.abs(jump) / 1000))} ${direction} (it was set, or ` +
        'the machine slept): the schedule goes on as it was',
    );
  }
}
