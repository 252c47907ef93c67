import { concerns } from '../diagnosis/make-report.ts';
import type { Finding } from '../record/finding.ts';
import type { Expectation, Report, Server } from '../record/report.ts';
import { undeterminedParts } from '../record/verdict.ts';
import { detailOf } from './detail.ts';
import { wayTold } from './pretty/servers.ts';
import { printableReport } from './printable.ts';

/** One line of a test report. Every error of a report fails at least one case, every doubt leaves one undetermined. */
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
  return [
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
