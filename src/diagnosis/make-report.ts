import { EventLog } from '../record/event-log.ts';
import type { RunEvent } from '../record/events.ts';
import type { Finding } from '../record/finding.ts';
import type { EventSink } from '../record/recorder.ts';
import type { Expectation, Report, Server, Verdict } from '../record/report.ts';
import { exitCodeFor, verdictOf } from '../record/verdict.ts';
import { type DiagnoseOptions, diagnose } from './diagnose.ts';

export interface ReportOptions extends DiagnoseOptions {
  readonly expectations?: readonly Expectation[];
  /** All events in the report, as `--events` asks for. */
  readonly withEvents?: boolean;
}

/** The report of a run that is over: what was seen, what it means, and whether it is good. */
export function makeReport(run: EventLog | Iterable<RunEvent>, options: ReportOptions = {}): Report {
  const log = run instanceof EventLog ? run : logOf(run);
  const observation = log.observation();
  const findings = diagnose(observation, log.events, options);
  const { expectations, withEvents } = options;
  const servers = observation.servers?.map((server) => judged(server, findings));
  const verdict = verdictOf(servers === undefined ? observation : { ...observation, servers }, findings, expectations);
  const { nat, calls, peer, notes, gatherings, schema, tool, command, startedAt, durationMs, configuration, network } =
    observation;
  return {
    schema,
    tool,
    command,
    startedAt,
    durationMs,
    exitCode: exitCodeFor({ verdict, ...(expectations === undefined ? {} : { expectations }) }),
    configuration,
    network,
    ...(gatherings === undefined ? {} : { gatherings }),
    ...(servers === undefined ? {} : { servers }),
    ...(nat === undefined ? {} : { nat }),
    ...(calls === undefined ? {} : { calls }),
    ...(peer === undefined ? {} : { peer }),
    ...(expectations === undefined ? {} : { expectations }),
    findings,
    verdict,
    ...(notes === undefined ? {} : { notes }),
    ...(withEvents === true ? { events: log.events } : {}),
  };
}

/** Ends a run: records `run-finished` with the verdict, and gives the report. `judge` may come to a verdict of its own. */
export function finishRun(
  log: EventLog,
  record: EventSink,
  options: ReportOptions = {},
  judge: (report: Report) => Report = (report) => report,
): Report {
  const { verdict, exitCode } = judge(makeReport(log, options));
  record({ type: 'run-finished', verdict, exitCode });
  return judge(makeReport(log, options));
}

/** By what was found about it: a rule knows that a refused IPv6 address beside a working IPv4 one is no failure. */
function judged(server: Server, findings: readonly Finding[]): Server {
  if (server.verdict === 'undetermined') return server;
  const own = findings.filter((finding) => concerns(finding, server.url));
  return { ...server, verdict: worst(own) ?? (isUnexplained(server, findings) ? 'undetermined' : server.verdict) };
}

/** It worked, and failed when it was asked again, and no rule knows why: neither good nor bad. */
function isUnexplained({ verdict, attempts }: Server, findings: readonly Finding[]): boolean {
  const worked = attempts.some((attempt) => attempt.verdict === 'ok' || attempt.verdict === 'warning');
  return verdict === 'error' && worked && worst(findings) !== 'error';
}

export function concerns(finding: Finding, url: string): boolean {
  const { urls } = finding.params;
  return finding.subject === url || (Array.isArray(urls) && (urls as readonly unknown[]).includes(url));
}

function worst(findings: readonly Finding[]): Verdict | undefined {
  if (findings.some((finding) => finding.severity === 'error')) return 'error';
  return findings.some((finding) => finding.severity === 'warning') ? 'warning' : undefined;
}

function logOf(events: Iterable<RunEvent>): EventLog {
  // A list that was given whole is in memory already: no bound.
  const log = new EventLog(Number.POSITIVE_INFINITY);
  for (const event of events) log.add(event);
  return log;
}
