import type { Report, Tool, Verdict } from './report.ts';

export const TARGETS_SCHEMA = 'iceprobe.targets/1';

/** What came of one target of a configuration. */
export interface TargetReport {
  /** Its name. */
  readonly target: string;
  readonly report: Report;
}

/**
 * What came of several targets in one run, as `iceprobe check` writes it by `--format json` where it reads a configuration
 * file. Times within a report are from the start of that report's own run.
 */
export interface TargetsReport {
  readonly schema: typeof TARGETS_SCHEMA;
  readonly tool: Tool;
  readonly command: string;
  /** ISO 8601, UTC, by the wall clock. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** The worst of the targets'. */
  readonly exitCode: number;
  /** The worst of the targets'. */
  readonly verdict: Verdict;
  /** In the order of the configuration. */
  readonly targets: readonly TargetReport[];
}

const VERDICTS: readonly Verdict[] = ['ok', 'warning', 'undetermined', 'error'];
/** From good to bad: an error outweighs a doubt, as it does within a report. Any other code (an interruption) outweighs both. */
const EXIT_CODES: readonly number[] = [0, 3, 1];

/** What a target may be called, so that it can stand in file names, labels and classes. */
export function isTargetName(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value);
}

/** Puts the reports of several targets together; one at least. */
export function targetsReport(targets: readonly TargetReport[]): TargetsReport {
  const reports = targets.map(({ report }) => report);
  const [first] = reports;
  if (first === undefined) throw new Error('no target was tested');
  const starts = reports.map(({ startedAt }) => Date.parse(startedAt));
  const ends = reports.map(({ durationMs }, index) => (starts[index] ?? 0) + durationMs);
  const took = Math.max(...ends) - Math.min(...starts);
  return {
    schema: TARGETS_SCHEMA,
    tool: first.tool,
    command: first.command,
    startedAt: reports.map(({ startedAt }) => startedAt).toSorted()[0] ?? first.startedAt,
    // A saved report may hold any text for a time.
    durationMs: Number.isFinite(took) ? took : Math.max(...reports.map(({ durationMs }) => durationMs)),
    exitCode: worst(
      reports.map(({ exitCode }) => exitCode),
      EXIT_CODES,
    ),
    verdict: worst(
      reports.map(({ verdict }) => verdict),
      VERDICTS,
    ),
    targets,
  };
}

export function isTargetsReport(value: Report | TargetsReport): value is TargetsReport {
  return value.schema === TARGETS_SCHEMA;
}

/** By an order from good to bad; what is not in it is the worst. */
function worst<T>(values: readonly T[], order: readonly T[]): T {
  const rank = (value: T): number => (order.includes(value) ? order.indexOf(value) : order.length);
  return values.reduce((a, b) => (rank(b) > rank(a) ? b : a));
}
