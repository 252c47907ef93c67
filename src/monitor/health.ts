import type { Finding, Severity } from '../record/finding.ts';
import type { Report } from '../record/report.ts';

/** One change of a target, told once. */
export interface Change {
  /** ISO 8601, UTC: when the run that showed it ended. */
  readonly at: string;
  readonly target: string;
  readonly change: 'down' | 'recovered' | 'new-finding' | 'gone';
  /** In words, for a log. */
  readonly text: string;
  /** What was found, or is no longer; with `down`, the cause where one was found. */
  readonly finding?: ToldFinding;
  /** With `recovered`: how long it was down. */
  readonly downSeconds?: number;
}

export interface ToldFinding {
  readonly id: string;
  readonly severity: Severity;
  readonly subject: string;
  readonly title: string;
  readonly fix: string;
}

/** Something that is held to be so until enough runs in a row say otherwise. */
class Belief {
  value: boolean;
  #against = 0;

  constructor(value: boolean) {
    this.value = value;
  }

  /** Whether this was the run that turned it. */
  note(observed: boolean, confirm: number): boolean {
    this.#against = observed === this.value ? 0 : this.#against + 1;
    if (this.#against < confirm) return false;
    this.#against = 0;
    this.value = observed;
    return true;
  }
}

interface KnownFinding {
  finding: ToldFinding;
  readonly present: Belief;
}

/**
 * What is known of one target from run to run, and what changed with the last one. A run is good when its exit code is 0.
 * Errors and warnings are told when they come and when they go; remarks (`info`) are in the metrics and the report alone.
 */
export class Health {
  readonly #target: string;
  readonly #isDown = new Belief(false);
  readonly #findings = new Map<string, KnownFinding>();
  #since: Date | undefined;
  #why: string | undefined;

  constructor(target: string) {
    this.#target = target;
  }

  /** undefined before the first run. */
  get state(): 'up' | 'down' | undefined {
    if (this.#since === undefined) return undefined;
    return this.#isDown.value ? 'down' : 'up';
  }

  /** When that state began, as far as it was seen. */
  get since(): Date | undefined {
    return this.#since;
  }

  /** Why the last run failed; undefined where it did not. */
  get why(): string | undefined {
    return this.#why;
  }

  /** Those that stand. */
  get findings(): readonly ToldFinding[] {
    return [...this.#findings.values()].filter(({ present }) => present.value).map(({ finding }) => finding);
  }

  /** `at` is the wall clock; `confirm` runs in a row must agree before a change is told. */
  note(report: Report, at: Date, confirm = 1): readonly Change[] {
    this.#why = report.exitCode === 0 ? undefined : wordsFor(report, causeOf(report));
    const changes = [...this.#noteState(report, at, confirm), ...this.#noteFindings(report, at, confirm)];
    this.#since ??= at;
    return changes;
  }

  #noteState(report: Report, at: Date, confirm: number): Change[] {
    if (!this.#isDown.note(report.exitCode !== 0, confirm)) return [];
    const before = this.#since;
    this.#since = at;
    if (this.#isDown.value) {
      const cause = causeOf(report);
      return [this.#change(at, 'down', wordsFor(report, cause), { ...(cause !== undefined && { finding: cause }) })];
    }
    const downSeconds = Math.max(0, Math.round((at.getTime() - (before ?? at).getTime()) / 1000));
    return [this.#change(at, 'recovered', `after ${durationOf(downSeconds)}`, { downSeconds })];
  }

  #noteFindings(report: Report, at: Date, confirm: number): Change[] {
    const seen = new Map(report.findings.filter(isTold).map((finding) => [keyOf(finding), told(finding)]));
    const changes: Change[] = [];
    for (const [key, finding] of seen) {
      const known = this.#findings.get(key) ?? { finding, present: new Belief(false) };
      this.#findings.set(key, known);
      const isNew = known.present.note(true, confirm);
      const isWorse = known.present.value && finding.severity === 'error' && known.finding.severity === 'warning';
      known.finding = finding;
      if (isNew || isWorse) changes.push(this.#change(at, 'new-finding', describe(finding), { finding }));
    }
    for (const [key, { finding, present }] of this.#findings) {
      if (seen.has(key) || !isSettled(report, finding)) continue;
      const wasPresent = present.value;
      if (wasPresent && !present.note(false, confirm)) continue;
      this.#findings.delete(key);
      if (wasPresent) changes.push(this.#change(at, 'gone', describe(finding), { finding }));
    }
    return changes;
  }

  #change(
    at: Date,
    change: Change['change'],
    text: string,
    rest: Partial<Pick<Change, 'finding' | 'downSeconds'>>,
  ): Change {
    return { at: at.toISOString(), target: this.#target, change, text, ...rest };
  }
}

/** That a finding is not there says nothing where the run could not look: it has no verdict, or met a worse fault first. */
function isSettled(report: Report, finding: ToldFinding): boolean {
  if (report.verdict === 'undetermined') return false;
  return finding.severity === 'error' || report.exitCode === 0;
}

function isTold({ severity }: Finding): boolean {
  return severity === 'error' || severity === 'warning';
}

/** The same cause at two servers is two findings. */
function keyOf({ id, subject }: Finding): string {
  return `${id} ${subject}`;
}

function told({ id, severity, subject, title, fix }: Finding): ToldFinding {
  return { id, severity, subject, title, fix };
}

function describe({ id, subject, title }: ToldFinding): string {
  return `${id} ${subject}: ${title}`;
}

function causeOf(report: Report): ToldFinding | undefined {
  const error = report.findings.find(({ severity }) => severity === 'error');
  return error === undefined ? undefined : told(error);
}

function wordsFor(report: Report, cause: ToldFinding | undefined): string {
  if (cause !== undefined) return describe(cause);
  const unmet = report.expectations?.find(({ met }) => met !== true);
  if (unmet !== undefined) {
    const words = unmet.met === null ? 'not determined' : 'not met';
    return `${words}: ${unmet.text}${unmet.because === undefined ? '' : ` (${unmet.because})`}`;
  }
  return report.verdict === 'undetermined'
    ? 'not determined in the time that it had'
    : `the verdict is ${report.verdict}`;
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 5 h`. */
export function durationOf(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
