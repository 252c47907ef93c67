import { askedServers } from '../record/asked.ts';
import type { Attempt, Report } from '../record/report.ts';
import type { Check, Outcome } from './check.ts';

/** The short limits; each absent one is not asked for. */
export interface Limits {
  /** Milliseconds, of the median round trip through each relay. */
  readonly maxRtt?: number;
  /** Percent of the packets through each relay. */
  readonly maxLoss?: number;
  /** Milliseconds until gathering is complete. */
  readonly maxGatherTime?: number;
  /** Days that each certificate must still be valid. */
  readonly minCertDays?: number;
}

export function limitChecks(limits: Limits): Check[] {
  const checks: Check[] = [];
  const { maxRtt, maxLoss, maxGatherTime, minCertDays } = limits;
  if (maxRtt !== undefined) {
    checks.push(
      ofAttempts(
        `max-rtt ${maxRtt} ms`,
        'relay',
        (attempt) => attempt.relay?.rttMs?.p50,
        (v) => v <= maxRtt,
        Math.max,
      ),
    );
  }
  if (maxLoss !== undefined) {
    checks.push(
      ofAttempts(
        `max-loss ${maxLoss} %`,
        'relay',
        (attempt) => attempt.relay?.lossPercent,
        (v) => v <= maxLoss,
        Math.max,
      ),
    );
  }
  if (maxGatherTime !== undefined) checks.push(gatherTime(maxGatherTime));
  if (minCertDays !== undefined) {
    checks.push(
      ofAttempts(
        `min-cert-days ${minCertDays}`,
        'tls',
        (attempt) => attempt.tls?.daysLeft,
        (v) => v >= minCertDays,
        Math.min,
      ),
    );
  }
  return checks;
}

/** A limit on one figure of every attempt that has it; the worst figure is the value. */
function ofAttempts(
  text: string,
  needs: 'relay' | 'tls',
  figure: (attempt: Attempt) => number | null | undefined,
  holds: (value: number) => boolean,
  worst: (...values: number[]) => number,
): Check {
  return {
    text,
    evaluate(report) {
      const servers = askedServers(report);
      const figures = servers.flatMap((server) =>
        server.attempts.flatMap((attempt) => {
          const value = figure(attempt);
          return value === null || value === undefined ? [] : [{ url: server.url, value }];
        }),
      );
      if (figures.length === 0) return { met: null, value: null, because: 'it was not measured' };
      const bad = figures.filter(({ value }) => !holds(value));
      const value = worst(...figures.map((one) => one.value));
      if (bad.length === 0) return { met: true, value };
      return { met: false, value, because: `it is ${value}`, subjects: bad.map(({ url }) => url) };
    },
    impossible(urls) {
      const usable = needs === 'relay' ? /^turns?:/i : /^(turns|stuns):/i;
      if (urls.some((url) => usable.test(url))) return undefined;
      return needs === 'relay' ? 'no TURN URL is configured' : 'no turns: or stuns: URL is configured';
    },
  };
}

function gatherTime(limit: number): Check {
  return {
    text: `max-gather-time ${limit} ms`,
    evaluate: (report) => gatherTimeOutcome(report, limit),
    impossible: () => undefined,
  };
}

function gatherTimeOutcome(report: Report, limit: number): Outcome {
  const whole = (report.gatherings ?? []).filter((gathering) => gathering.url === null);
  const times = whole.flatMap((gathering) => {
    const start = gathering.states.find(({ state }) => state === 'gathering')?.ms;
    const end = gathering.states.find(({ state }) => state === 'complete')?.ms;
    return start === undefined || end === undefined ? [] : [end - start];
  });
  if (times.length === 0) return { met: null, value: null, because: 'gathering did not complete' };
  const value = Math.max(...times);
  return value <= limit ? { met: true, value } : { met: false, value, because: `it took ${Math.round(value)} ms` };
}
