import { showDuration } from '../diagnosis/render.ts';
import { askedServers } from '../record/asked.ts';
import type { Report } from '../record/report.ts';
import type { TargetsReport } from '../record/targets.ts';
import { undeterminedParts } from '../record/verdict.ts';
import { ends, labelled, WIDTH, wrap } from './layout.ts';
import { callLines } from './pretty/calls.ts';
import { gatheringTable } from './pretty/candidates.ts';
import { findingBlock, findingRemark } from './pretty/findings.ts';
import { natLines } from './pretty/nat.ts';
import { peerLines } from './pretty/peer.ts';
import { serverLines, verdictLabel } from './pretty/servers.ts';
import { isTitled, titleOf } from './pretty/summary.ts';
import { targetsHeading, targetTitle } from './pretty/targets.ts';
import { printableReport } from './printable.ts';
import { PLAIN, type Style } from './style.ts';

/** The whole report for a person: what came, in order, and then what it means. Lines end in "\n", none is over 100 columns. */
export function pretty(given: Report, style: Style = PLAIN): string {
  const report = printableReport(given);
  const tables = (report.gatherings ?? [])
    // Who asks for a verdict reads that first: each server's line says what came from it.
    .filter((gathering) => gathering.url === null && !VERDICT_FIRST.includes(report.command))
    .map((gathering) => gatheringTable(gathering, style));
  return text([...tables, ...summaryBlocks(report, style)]);
}

const VERDICT_FIRST = ['doctor', 'check', 'probe', 'monitor'];

/** What follows the candidates on a terminal that has shown them as they came (see `live.ts`). */
export function prettySummary(given: Report, style: Style = PLAIN): string {
  return text(summaryBlocks(printableReport(given), style));
}

/** Several targets: how each of them is, and then the report of each under its name. */
export function prettyOfTargets(given: TargetsReport, style: Style = PLAIN): string {
  const targets = given.targets.map((each) => ({ ...each, report: printableReport(each.report) }));
  const heading = targetsHeading({ ...given, targets }, style);
  return [
    `${heading.join('\n')}\n`,
    ...targets.map((each) => `${targetTitle(each, style)}\n${pretty(each.report, style)}`),
  ].join('\n');
}

/** The column in which the text beside a verdict begins. */
const LABEL = 6;

function text(blocks: readonly (readonly string[])[]): string {
  const filled = blocks.filter((block) => block.length > 0);
  return `${filled.map((block) => block.join('\n')).join('\n\n')}\n`;
}

function summaryBlocks(report: Report, style: Style): string[][] {
  const { findings } = report;
  const grave = findings.filter(({ severity }) => severity === 'error' || severity === 'warning');
  const remarks = findings.filter(({ severity }) => severity === 'info' || severity === 'ok');
  const [first, ...others] = grave;
  return [
    [...heading(report, style), ...(first === undefined ? [] : findingBlock(first, isTitled(report), style))],
    ...others.map((finding) => findingBlock(finding, false, style)),
    callLines(report, style),
    expectationLines(report, style),
    [...serverLines(report, style), ...natLines(report, style), ...peerLines(report, style)],
    [
      ...undetermined(report, style),
      ...notTested(report, style),
      ...remarks.flatMap((finding) => findingRemark(finding, style)),
      ...(report.notes ?? []).flatMap((note) => labelled('note:', note, LABEL, 0).map(style.dim)),
    ],
  ];
}

/** The verdict: the first cause, or what came; at the right, how long it took. */
function heading(report: Report, style: Style): string[] {
  const took = showDuration(report.durationMs);
  const [head = '', ...more] = wrap(titleOf(report), WIDTH - LABEL - took.length - 3);
  return [
    `${verdictLabel(report.verdict, style)}  ${style.bold(ends(head, took, WIDTH - LABEL))}`,
    ...more.map((each) => ' '.repeat(LABEL) + style.bold(each)),
  ];
}

function expectationLines(report: Report, style: Style): string[] {
  return (report.expectations ?? []).flatMap(({ text: words, met, value, because, finding }) => {
    const label = met === true ? 'met' : met === false ? 'NOT' : '--';
    const reasons = [because, finding === undefined ? undefined : `-> ${finding}`].filter((each) => each !== undefined);
    const shown = met === true || value === null || value === undefined ? '' : ` (is ${JSON.stringify(value)})`;
    const colour = met === true ? style.good : met === false ? style.error : style.warning;
    const lines = labelled(label, `${words}${shown}${reasons.length > 0 ? `: ${reasons.join(' ')}` : ''}`, LABEL, 0);
    return lines.map((line, index) => (index === 0 ? colour(line.slice(0, LABEL)) + line.slice(LABEL) : line));
  });
}

function undetermined(report: Report, style: Style): string[] {
  // Servers have a line of their own, which says the same.
  const told = new Set((report.servers ?? []).map(({ url }) => url));
  return undeterminedParts(report)
    .filter(({ subject }) => !told.has(subject))
    .flatMap(({ subject, because }) =>
      labelled('--', `not determined: ${subject}: ${because}`, LABEL, 0).map(style.warning),
    );
}

const TRANSPORTS = { udp: 'UDP', tcp: 'TCP', tls: 'TLS' } as const;

/** What no URL of the configuration asked for: silence about it is no clean bill. */
function notTested(report: Report, style: Style): string[] {
  const asked = askedServers(report);
  const attempts = asked.flatMap((server) => server.attempts);
  if (attempts.length === 0) return [];
  const transports = (['udp', 'tcp', 'tls'] as const).filter(
    (each) => !attempts.some(({ transport }) => transport === each),
  );
  const families = ([4, 6] as const).filter((each) => !attempts.some(({ family }) => family === each));
  const missing = [
    ...(transports.length === 0 ? [] : [`${transports.map((each) => TRANSPORTS[each]).join(', ')} (no URL given)`]),
    ...(families.length === 0 ? [] : [`${families.map((each) => `IPv${each}`).join(', ')} (no address on both sides)`]),
  ];
  return missing.length === 0 ? [] : [style.dim(`--    not tested: ${missing.join(', ')}`)];
}
