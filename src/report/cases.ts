import { concerns } from '../diagnosis/make-report.ts';
import type { Finding } from '../record/finding.ts';
import type { Expectation, Report, Server } from '../record/report.ts';
import { undeterminedParts } from '../record/verdict.ts';
import { detailOf } from './detail.ts';
import { wayTold } from './pretty/servers.ts';
import { printableReport } from './printable.ts';

/**
 * One line of a test report. One at least does not pass exactly where the run's exit code is not 0: no reader of the cases
 * sees less, or more, than a reader of the code.
 */
export interface Case {
  /** `expectations`, `servers`, `findings`. */
  readonly group: string;
  readonly name: string;
  readonly outcome: 'pass' | 'fail' | 'undetermined';
  readonly seconds: number;
  /** Why it did not pass; empty where it did. */
  readonly message: string;
  /** Lines of what is known beyond that. */
  readonly details: readonly string[];
  /** Ids of the findings behind it. */
  readonly findings: readonly string[];
}

/** The report as a list of cases: expectations first, then each URL, then what concerns none of them. */
export function casesOf(given: Report): Case[] {
  const report = printableReport(given);
  const servers = (report.servers ?? []).filter((server) => server.control === undefined);
  const urls = servers.length > 0 ? servers.map(({ url }) => url) : configuredUrls(report);
  const others = report.findings.filter((finding) => !urls.some((url) => concerns(finding, url)));
  const doubts = undeterminedParts(report).filter(({ subject }) => !urls.includes(subject));
  const cases = [
    ...(report.expectations ?? []).map(caseOfExpectation),
    ...urls.map((url) =>
      caseOfUrl(
        url,
        servers.find((server) => server.url === url),
        report,
      ),
    ),
    ...others.map(caseOfFinding),
    ...doubts.map(({ subject, because }) => ({
      ...EMPTY,
      group: 'findings',
      name: subject,
      outcome: 'undetermined' as const,
      message: `not determined: ${because}`,
    })),
  ];
  if (report.exitCode === 0) return cases.map(borneWith);
  return cases.some(({ outcome }) => outcome !== 'pass') ? cases : [...cases, caseOfRun(report)];
}

/** A run that passed bore with it: what was allowed, or asked of nobody. It is told, and fails nothing. */
function borneWith(given: Case): Case {
  if (given.outcome === 'pass') return given;
  return { ...given, outcome: 'pass', message: '', details: [`borne with: ${given.message}`, ...given.details] };
}

/** Nothing that was looked at explains the exit code: warnings that count as errors (`--fail-on warning`), an interruption. */
function caseOfRun(report: Report): Case {
  const { command, exitCode, verdict, findings } = report;
  const warnings = findings.filter(({ severity }) => severity === 'warning');
  const isError = verdict === 'error';
  const why = isError && warnings.length > 0 ? `: ${warnings.map(({ id }) => id).join(', ')}` : '';
  return {
    ...EMPTY,
    group: 'findings',
    name: `iceprobe ${command}`,
    outcome: isError ? 'fail' : 'undetermined',
    seconds: report.durationMs / 1000,
    message: `it ended with exit code ${exitCode}${why}`,
    details: warnings.flatMap(told),
    findings: isError ? warnings.map(({ id }) => id) : [],
  };
}

/** A finding in a few lines: title, what was seen, what to do. */
export function told(finding: Finding): string[] {
  const { id, severity, confidence, title, fix, consequences } = finding;
  return [
    `${severity} ${id} (${confidence}): ${title}`,
    detailOf(finding),
    ...(consequences.length > 0 ? [`explains: ${consequences.join(', ')}`] : []),
    `fix: ${fix}`,
  ];
}

const EMPTY = { seconds: 0, message: '', details: [], findings: [] } as const;

function caseOfExpectation({ text, met, value, because, finding }: Expectation): Case {
  const shown = value === null || value === undefined ? '' : ` (is ${JSON.stringify(value)})`;
  const reason = because === undefined ? '' : `: ${because}`;
  return {
    ...EMPTY,
    group: 'expectations',
    name: text,
    outcome: met === true ? 'pass' : met === false ? 'fail' : 'undetermined',
    message: met === true ? '' : `${met === false ? 'not met' : 'not determined'}${shown}${reason}`,
    findings: finding === undefined ? [] : [finding],
  };
}

function caseOfUrl(url: string, server: Server | undefined, report: Report): Case {
  const findings = report.findings.filter((finding) => concerns(finding, url) && finding.severity !== 'ok');
  const worst = findings.find(({ severity }) => severity === 'error');
  const doubt = undeterminedParts(report).find(({ subject }) => subject === url);
  const failed = worst !== undefined || server?.verdict === 'error';
  const took = Math.max(
    0,
    ...(server?.attempts ?? []).map(({ stages }) => stages.reduce((sum, { ms }) => sum + ms, 0)),
  );
  return {
    ...EMPTY,
    group: 'servers',
    name: url,
    outcome: failed ? 'fail' : doubt === undefined ? 'pass' : 'undetermined',
    seconds: took / 1000,
    message: worst?.title ?? (doubt === undefined ? '' : `not determined: ${doubt.because}`),
    details: [...(server === undefined ? [] : [wayTold(server, report)]), ...findings.flatMap(told)],
    findings: findings.map(({ id }) => id),
  };
}

function caseOfFinding(finding: Finding): Case {
  const isError = finding.severity === 'error';
  return {
    ...EMPTY,
    group: 'findings',
    name: `${finding.id} ${finding.subject}`,
    outcome: isError ? 'fail' : 'pass',
    message: isError ? finding.title : '',
    details: told(finding),
    findings: [finding.id],
  };
}

function configuredUrls({ configuration }: Report): string[] {
  return [...new Set(configuration.iceServers.flatMap(({ urls }) => urls))];
}
