import type { Finding } from './finding.ts';
import type { Observation } from './observation.ts';
import type { Expectation, Report, Verdict } from './report.ts';

/** Exit codes that a report alone decides; the others (usage, interruption, a fault of our own) never have a report. */
export type ReportExitCode = 0 | 1 | 3;

/** 0: nothing wrong, warnings allowed. 1: an error, or an expectation not met. 3: something asked for is not determined. */
export function exitCodeFor(report: Pick<Report, 'verdict' | 'expectations'>): ReportExitCode {
  const expectations = report.expectations ?? [];
  if (report.verdict === 'error' || expectations.some((expectation) => expectation.met === false)) return 1;
  if (report.verdict === 'undetermined' || expectations.some((expectation) => expectation.met === null)) return 3;
  return 0;
}

/**
 * The worst of what was found. A doubt weighs more than a warning, since it may hide an error, and less than an error,
 * which no further answer could undo.
 */
export function verdictOf(
  observation: Observation,
  findings: readonly Finding[],
  expectations: readonly Expectation[] = [],
): Verdict {
  const has = (severity: Finding['severity']): boolean => findings.some((finding) => finding.severity === severity);
  if (has('error') || nothingConnected(observation) || expectations.some((expectation) => expectation.met === false))
    return 'error';
  if (expectations.some((expectation) => expectation.met === null)) return 'undetermined';
  if (undeterminedParts(observation).length > 0) return 'undetermined';
  return has('warning') ? 'warning' : 'ok';
}

/** Where no rule knows why, a call that came about over none of its paths is an error all the same. */
function nothingConnected({ calls = [] }: Observation): boolean {
  const tried = calls.filter(({ outcome }) => outcome !== 'no-candidates' && outcome !== 'not-determined');
  return tried.length > 0 && tried.every(({ outcome }) => outcome !== 'connected');
}

/** What was asked for and has no answer: a URL, or the NAT behaviour of an interface. */
export interface UndeterminedPart {
  readonly subject: string;
  readonly because: string;
}

export function undeterminedParts(observation: Observation): readonly UndeterminedPart[] {
  return [
    ...undeterminedServers(observation),
    ...undeterminedGatherings(observation),
    ...undeterminedNat(observation),
    ...undeterminedCalls(observation),
    ...(observation.peer?.problem == null ? [] : [{ subject: 'the other end', because: observation.peer.problem }]),
  ];
}

function undeterminedServers(observation: Observation): UndeterminedPart[] {
  return (observation.servers ?? [])
    .filter((server) => server.verdict === 'undetermined' && server.control === undefined)
    .map((server) => {
      const stages = server.attempts.flatMap((attempt) => attempt.stages);
      const open =
        stages.find(({ status, data }) => status === 'unknown' || (status === 'fail' && data.cause === 'not-run')) ??
        stages.find(({ status }) => status === 'fail');
      const because = open === undefined ? 'the run ended before it was tried' : `${open.stage}: ${open.detail}`;
      return { subject: server.url, because };
    });
}

/** A gathering that never ended; with servers in the report, they say which one held it up. */
function undeterminedGatherings(observation: Observation): UndeterminedPart[] {
  return (observation.gatherings ?? [])
    .filter((gathering) => gathering.states.length > 0 && gathering.states.at(-1)?.state !== 'complete')
    .map((gathering) => ({
      subject: gathering.url ?? 'gathering',
      because: 'it never reached "complete"',
    }));
}

/** Only where the NAT was what was asked for: beside other tests its verdicts are a bonus. */
function undeterminedNat(observation: Observation): UndeterminedPart[] {
  if (observation.command !== 'nat') return [];
  return (observation.nat ?? [])
    .filter((result) => result.mapping === 'not-determined' || result.filtering === 'not-determined')
    .map((result) => ({
      subject: `NAT of ${result.interface ?? result.localAddress}`,
      because: [
        result.reasons.join('; ') || 'the tests did not settle it',
        ...(result.settledBy ?? []).map((what) => `to be settled by ${what}`),
      ].join('; '),
    }));
}

/** A connection that was cut off; or the one path that was asked for has nothing to try. */
function undeterminedCalls({ command, calls = [] }: Observation): UndeterminedPart[] {
  if (command === 'call' && calls.length === 0) return [{ subject: 'call', because: 'no connection was begun' }];
  return calls
    .filter(({ outcome }) => outcome === 'not-determined' || (outcome === 'no-candidates' && calls.length === 1))
    .map(({ path, reason }) => ({ subject: `path ${path}`, because: reason ?? 'the run ended before' }));
}
