import type { Attempt, Report, Verdict } from '../record/report.ts';
import type { ToldFinding } from './health.ts';
import type { Monitor, Watched } from './monitor.ts';
import type { OwnFigures } from './own.ts';

export const STATUS_SCHEMA = 'iceprobe.status/1';

/** What `/status` answers. Times are ISO 8601 in UTC, null where there is nothing to tell yet. */
export interface MonitorStatus {
  readonly schema: typeof STATUS_SCHEMA;
  readonly version: string;
  readonly startedAt: string;
  readonly running: number;
  readonly waiting: number;
  /** Of the last reading of the configuration after the first; null: there was none. */
  readonly lastReload: { readonly at: string; readonly ok: boolean } | null;
  readonly targets: readonly TargetStatus[];
}

export interface TargetStatus {
  readonly name: string;
  readonly urls: readonly string[];
  readonly state: 'up' | 'down' | null;
  readonly since: string | null;
  /** Why the last run failed. */
  readonly why: string | null;
  readonly isRunning: boolean;
  readonly intervalSeconds: number | null;
  readonly nextInSeconds: number | null;
  readonly runs: number;
  readonly lastRun: LastRunStatus | null;
  /** Errors and warnings that stand. */
  readonly findings: readonly ToldFinding[];
  readonly fault: string | null;
}

export interface LastRunStatus {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: Verdict;
  readonly exitCode: number;
  /** The worst of its relays; null where none was measured. */
  readonly rttMs: number | null;
  readonly lossPercent: number | null;
  /** Of the certificate that ends first. */
  readonly certificateDays: number | null;
}

export function statusOf(monitor: Monitor, own: OwnFigures): MonitorStatus {
  const { lastReload } = own;
  return {
    schema: STATUS_SCHEMA,
    version: own.version,
    startedAt: own.startedAt.toISOString(),
    running: monitor.running,
    waiting: monitor.waiting,
    lastReload: lastReload === undefined ? null : { at: lastReload.at.toISOString(), ok: lastReload.ok },
    targets: monitor.targets.map(statusOfTarget),
  };
}

function statusOfTarget(target: Watched): TargetStatus {
  const { name, urls, health, isRunning, intervalMs, nextInSeconds, series, last, fault } = target;
  return {
    name,
    urls,
    state: health.state ?? null,
    since: health.since?.toISOString() ?? null,
    why: health.why ?? null,
    isRunning,
    intervalSeconds: intervalMs === undefined ? null : intervalMs / 1000,
    nextInSeconds: nextInSeconds === undefined ? null : Math.round(nextInSeconds * 10) / 10,
    runs: [...series.runs.values()].reduce((sum, count) => sum + count, 0),
    lastRun: last === undefined ? null : statusOfRun(last.report),
    findings: health.findings,
    fault: fault ?? null,
  };
}

function statusOfRun(report: Report): LastRunStatus {
  const { startedAt, durationMs, verdict, exitCode, servers = [] } = report;
  const attempts = servers.filter(({ control }) => control === undefined).flatMap((server) => server.attempts);
  const figures = (of: (attempt: Attempt) => number | null | undefined): number[] =>
    attempts.map(of).filter((value) => value !== null && value !== undefined);
  return {
    startedAt,
    durationMs,
    verdict,
    exitCode,
    rttMs: largest(figures(({ relay }) => relay?.rttMs?.p50)),
    lossPercent: largest(figures(({ relay }) => relay?.lossPercent)),
    certificateDays: smallest(figures(({ tls }) => tls?.daysLeft)),
  };
}

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

function smallest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}
