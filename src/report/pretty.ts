import { showDuration } from '../diagnosis/render.ts';
import type { CandidateType, Gathering, Report } from '../record/report.ts';
import { undeterminedParts } from '../record/verdict.ts';
import { ends, indented, WIDTH, wrap } from './layout.ts';
import { gatheringTable } from './pretty/candidates.ts';
import { findingBlock, findingRemark } from './pretty/findings.ts';
import { serverLines, verdictLabel } from './pretty/servers.ts';
import { PLAIN, type Style } from './style.ts';

/** The whole report for a person: what came, in order, and then what it means. Lines end in "\n", none is over 100 columns. */
export function pretty(report: Report, style: Style = PLAIN): string {
  const tables = (report.gatherings ?? [])
    .filter((gathering) => gathering.url === null)
    .map((gathering) => gatheringTable(gathering, style));
  return text([...tables, ...summaryBlocks(report, style)]);
}

/** What follows the candidates on a terminal that has shown them as they came (see `live.ts`). */
export function prettySummary(report: Report, style: Style = PLAIN): string {
  return text(summaryBlocks(report, style));
}

/** The column in which the text beside a verdict begins. */
const LABEL = 6;

function text(blocks: readonly (readonly string[])[]): string {
  const filled = blocks.filter((block) => block.length > 0);
  return `${filled.map((block) => block.join('\n')).join('\n\n')}\n`;
}

function summaryBlocks(report: Report, style: Style): string[][] {
  const { findings } = report;
  const grave = findings.filter((finding) => finding.severity === 'error' || finding.severity === 'warning');
  const remarks = findings.filter((finding) => finding.severity === 'info' || finding.severity === 'ok');
  const [first, ...others] = grave;
  return [
    [...heading(report, style), ...(first === undefined ? [] : findingBlock(first, true, style))],
    ...others.map((finding) => findingBlock(finding, false, style)),
    serverLines(report, style),
    [
      ...undetermined(report, style),
      ...notTested(report, style),
      ...remarks.flatMap((finding) => findingRemark(finding, style)),
      ...(report.notes ?? []).flatMap((note) => wrap(`note: ${note}`, WIDTH).map(style.dim)),
    ],
  ];
}

/** The verdict: the first cause, or what came; at the right, how long it took. */
function heading(report: Report, style: Style): string[] {
  const [first] = report.findings;
  const bad = first?.severity === 'error' || (first?.severity === 'warning' && report.verdict !== 'undetermined');
  const took = showDuration(report.durationMs);
  const [head = '', ...more] = wrap(bad ? first.title : summaryOf(report), WIDTH - LABEL - took.length - 3);
  const line = ends(head, took, WIDTH - LABEL);
  return [
    `${verdictLabel(report.verdict, style)}  ${style.bold(line)}`,
    ...more.map((each) => ' '.repeat(LABEL) + style.bold(each)),
  ];
}

function summaryOf(report: Report): string {
  const gathering = report.gatherings?.find((each) => each.url === null);
  const came = gathering === undefined ? '' : countsOf(gathering);
  if (report.verdict === 'undetermined') return came === '' ? 'Not determined' : `Not determined: ${came}`;
  return came === '' ? 'Nothing wrong was found' : came;
}

/** `2 host, 3 relay; 1 srflx omitted (same as its base)`. */
export function countsOf(gathering: Gathering): string {
  const types: readonly CandidateType[] = ['host', 'srflx', 'prflx', 'relay'];
  const counts = types
    .map((type) => ({ type, count: gathering.candidates.filter((each) => each.type === type).length }))
    .filter(({ count }) => count > 0)
    .map(({ type, count }) => `${count} ${type}`);
  const omitted = gathering.omitted.map((each) => / typ (\w+)/.exec(each.candidate)?.[1] ?? 'candidate');
  const kinds = [...new Set(omitted)].map((type) => `${omitted.filter((each) => each === type).length} ${type}`);
  const reason = omitted.includes('srflx') && kinds.length === 1 ? ' (same as its base)' : ' (redundant)';
  const left = kinds.length === 0 ? '' : `; ${kinds.join(', ')} omitted${reason}`;
  return `${counts.length === 0 ? 'no candidates' : counts.join(', ')}${left}`;
}

function undetermined(report: Report, style: Style): string[] {
  return undeterminedParts(report).flatMap((part) =>
    indented(`not determined: ${part.subject}: ${part.because}`, 0).map(style.warning),
  );
}

/** What no URL of the configuration asked for: silence about it is no clean bill. */
function notTested(report: Report, style: Style): string[] {
  const urls = (report.servers ?? []).map((server) => server.url);
  const attempts = (report.servers ?? []).flatMap((server) => server.attempts);
  if (urls.length === 0) return [];
  const missing = [
    ...(attempts.some((attempt) => attempt.transport === 'udp') ? [] : ['UDP']),
    ...(attempts.some((attempt) => attempt.transport === 'tcp') ? [] : ['TCP']),
    ...(attempts.some((attempt) => attempt.transport === 'tls') ? [] : ['TLS']),
    ...(attempts.some((attempt) => attempt.family === 4) ? [] : ['IPv4']),
    ...(attempts.some((attempt) => attempt.family === 6) ? [] : ['IPv6']),
  ];
  return missing.length === 0 ? [] : [style.dim(`--    not tested: ${missing.join(', ')}`)];
}
