import type { Report } from '../record/report.ts';

/** Seconds. Few enough that a stage of each of some hundred targets can have its own. */
export const DURATION_BOUNDS: readonly number[] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How often durations fell into each bucket of {@link DURATION_BOUNDS}. */
export class Histogram {
  readonly counts: number[] = Array.from({ length: DURATION_BOUNDS.length + 1 }, () => 0);
  sum = 0;

  observe(seconds: number): void {
    const bucket = DURATION_BOUNDS.findIndex((bound) => seconds <= bound);
    const index = bucket < 0 ? DURATION_BOUNDS.length : bucket;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += seconds;
  }
}

/**
 * Counts by one word, which is a label's value. Those that are expected begin at 0: what first appears as 1 has not
 * increased, in the eyes of Prometheus.
 */
export class Tally extends Map<string, number> {
  constructor(expected: readonly string[] = []) {
    super(expected.map((word) => [word, 0]));
  }

  add(word: string, count = 1): void {
    this.set(word, (this.get(word) ?? 0) + count);
  }
}

/** What one stage at one URL did. */
export interface StageSeries {
  readonly url: string;
  readonly stage: string;
  readonly outcomes: Tally;
  /** Of those that passed: how long a failure took says how long somebody waited. */
  readonly durations: Histogram;
}

/** What adds up over the runs of one target. Bounded by its URLs and the stages that there are. */
export class Series {
  /** By verdict. */
  readonly runs = new Tally(['ok', 'warning', 'error', 'undetermined']);
  readonly durations = new Histogram();
  /** By kind. */
  readonly changes = new Tally(['down', 'recovered', 'new-finding', 'gone']);
  /** Runs that should have been. By reason. */
  readonly skipped = new Tally(['busy', 'asleep']);
  faults = 0;
  /** Runs that failed while this machine stood still. */
  discarded = 0;
  readonly #stages = new Map<string, StageSeries>();

  get stages(): Iterable<StageSeries> {
    return this.#stages.values();
  }

  note(report: Report): void {
    this.runs.add(report.verdict);
    this.durations.observe(report.durationMs / 1000);
    for (const { url, control, attempts } of report.servers ?? []) {
      // Nobody asked for a control; which there are differs from run to run.
      if (control !== undefined) continue;
      for (const { stage, status, ms } of attempts.flatMap(({ stages }) => stages)) {
        if (status === 'skip') continue;
        const series = this.#stageOf(url, stage);
        series.outcomes.add(status);
        if (status === 'pass' || status === 'warn') series.durations.observe(ms / 1000);
      }
    }
  }

  /** Forgets URLs that the target no longer has. */
  keepUrls(urls: readonly string[]): void {
    for (const [key, { url }] of this.#stages) if (!urls.includes(url)) this.#stages.delete(key);
  }

  #stageOf(url: string, stage: string): StageSeries {
    const key = `${stage} ${url}`;
    const known = this.#stages.get(key);
    if (known !== undefined) return known;
    const made = { url, stage, outcomes: new Tally(['pass', 'fail']), durations: new Histogram() };
    this.#stages.set(key, made);
    return made;
  }
}
