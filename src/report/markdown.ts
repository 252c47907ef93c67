import { showDuration } from '../diagnosis/render.ts';
import type { Finding } from '../record/finding.ts';
import type { Candidate, Report } from '../record/report.ts';
import type { TargetsReport } from '../record/targets.ts';
import { undeterminedParts } from '../record/verdict.ts';
import { directionsOf } from './detail.ts';
import { takenApart } from './pretty/candidates.ts';
import { wayTold } from './pretty/servers.ts';
import { titleOf } from './pretty/summary.ts';
import { targetsTitle } from './pretty/targets.ts';
import { printableReport } from './printable.ts';

const VERDICTS: Readonly<Record<string, string>> = {
  ok: 'OK',
  warning: 'WARNING',
  error: 'FAIL',
  undetermined: 'NOT DETERMINED',
};

/** For a ticket, a pull request or a job summary. Plain GitHub Markdown, no HTML but `<details>`. */
export function markdown(report: Report): string {
  return documentOf(report, '');
}

/** Several targets: a table of how each is, and then the report of each under its name. */
export function markdownOfTargets(given: TargetsReport): string {
  const targets = given.targets.map((each) => ({ ...each, report: printableReport(each.report) }));
  const table = [
    `# ${VERDICTS[given.verdict] ?? given.verdict}: ${targetsTitle(given)}`,
    '',
    '| | target | | took |',
    '|---|---|---|---:|',
    ...targets.map(
      ({ target, report }) =>
        `| ${VERDICTS[report.verdict] ?? report.verdict} | ${cell(target)} | ${cell(titleOf(report))} | ${showDuration(report.durationMs)} |`,
    ),
  ];
  return [`${table.join('\n')}\n`, ...targets.map(({ target, report }) => documentOf(report, `${target}: `))].join(
    '\n',
  );
}

function documentOf(given: Report, prefix: string): string {
  const report = printableReport(given);
  const sections = [
    [`## ${VERDICTS[report.verdict] ?? report.verdict}: ${escaped(prefix + titleOf(report))}`],
    [
      `\`iceprobe ${report.command}\` ${escaped(report.tool.version)}, ${escaped(report.startedAt)}, ${showDuration(report.durationMs)}, exit code ${report.exitCode}`,
    ],
    ...report.findings.filter(({ severity }) => severity === 'error' || severity === 'warning').map(findingSection),
    expectations(report),
    servers(report),
    nat(report),
    remarks(report),
    candidates(report),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function findingSection(finding: Finding): string[] {
  const { id, severity, locus, confidence, title, detail, fix, ruledOut, consequences, params } = finding;
  const urls =
    Array.isArray(params['urls']) && params['urls'].length > 0 ? params['urls'].map(String) : [finding.subject];
  const directions = directionsOf(finding);
  return [
    `### ${escaped(title)}`,
    '',
    `**${severity}** ${code(id)}, fix on: **${locus === 'unknown' ? 'not determined' : locus}**, ${confidence}: ${urls.map(code).join(', ')}`,
    '',
    escaped(sentence(detail)),
    ...(directions.length === 0
      ? []
      : [
          '',
          '| direction | received/sent |',
          '|---|---|',
          ...directions.map(([words, count]) => `| ${cell(words)} | ${count} |`),
        ]),
    '',
    `- **Fix**: ${escaped(fix)}`,
    ...(ruledOut.length > 0
      ? [
          `- Ruled out: ${ruledOut.map(({ cause, because }) => escaped(because === '' ? cause : `${cause} (${because})`)).join(', ')}`,
        ]
      : []),
    ...(consequences.length > 0 ? [`- Explains: ${consequences.map(code).join(', ')}`] : []),
  ];
}

function expectations({ expectations: all = [] }: Report): string[] {
  if (all.length === 0) return [];
  return [
    '### Expectations',
    '',
    '| | expectation | value | why |',
    '|---|---|---|---|',
    ...all.map(({ text, met, value, because, finding }) => {
      const word = met === true ? 'met' : met === false ? '**not met**' : '**not determined**';
      const reason = [because ?? '', finding === undefined ? '' : `-> ${finding}`].filter(Boolean).join(' ');
      return `| ${word} | ${cell(text)} | ${cell(value === null || value === undefined ? '' : JSON.stringify(value))} | ${cell(reason)} |`;
    }),
  ];
}

function servers(report: Report): string[] {
  const all = report.servers ?? [];
  if (all.length === 0) return [];
  return [
    '### Servers',
    '',
    '| | URL | |',
    '|---|---|---|',
    ...all.map((server) => {
      const control = server.control === undefined ? '' : ` (nobody asked for it; tried: ${server.control})`;
      const word = server.control === undefined ? (VERDICTS[server.verdict] ?? server.verdict) : '-';
      return `| ${word} | ${code(server.url)} | ${cell(wayTold(server, report) + control)} |`;
    }),
  ];
}

function nat({ nat: all = [] }: Report): string[] {
  if (all.length === 0) return [];
  return [
    '### NAT',
    '',
    '| interface | family | local | mapped | mapping | filtering |',
    '|---|---|---|---|---|---|',
    ...all.map(
      (each) =>
        `| ${cell(each.interface ?? '')} | IPv${each.family} | ${cell(each.localAddress)} | ${cell(each.mappedAddress ?? '')} | ${each.mapping} | ${each.filtering} |`,
    ),
  ];
}

function remarks(report: Report): string[] {
  const lines = [
    ...undeterminedParts(report).map(
      ({ subject, because }) => `- not determined: ${code(subject)}: ${escaped(because)}`,
    ),
    ...report.findings
      .filter(({ severity }) => severity === 'info' || severity === 'ok')
      .map(
        ({ id, title, fix }) => `- ${code(id)}: ${escaped(title)}${/^nothing\b/.test(fix) ? '' : `; ${escaped(fix)}`}`,
      ),
    ...(report.notes ?? []).map((note) => `- ${escaped(note)}`),
  ];
  return lines.length === 0 ? [] : ['### Remarks', '', ...lines];
}

/** Folded away: the evidence, not the message. */
function candidates(report: Report): string[] {
  return (report.gatherings ?? [])
    .filter(({ url }) => url === null)
    .flatMap((gathering) => [
      `<details><summary>Candidates (${gathering.vantage})</summary>`,
      '',
      '| ms | type | protocol | address | related | priority | from |',
      '|---:|---|---|---|---|---|---|',
      ...gathering.candidates.map(candidateRow),
      ...gathering.errors.map(
        ({ ms, errorCode, errorText, url }) =>
          `| ${Math.round(ms)} | ${errorCode} | | ${cell(errorText)} | | | ${cell(url)} |`,
      ),
      '',
      '</details>',
    ]);
}

function candidateRow(candidate: Candidate): string {
  const {
    ms,
    type,
    protocol,
    address,
    port,
    relatedAddress,
    relatedPort,
    priority,
    url,
    relayProtocol,
    interface: name,
  } = candidate;
  const related = relatedAddress === null ? '' : endpoint(relatedAddress, relatedPort ?? 0);
  const origin = [url ?? name ?? '', relayProtocol === null ? '' : `over ${relayProtocol}`].filter(Boolean).join(' ');
  // A bar would end the cell, in code as well.
  return `| ${Math.round(ms)} | ${type} | ${protocol} | ${cell(endpoint(address, port))} | ${cell(related)} | ${cell(takenApart(priority))} | ${cell(origin)} |`;
}

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Characters that mean something in Markdown or HTML, and `@`, which would notify somebody. */
function escaped(text: string): string {
  return text
    .replace(/[\\`*_[\]<>#|~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('@', '&#64;');
}

function cell(text: string): string {
  return escaped(text).replaceAll('\n', ' ');
}

/** Code spans take no escapes: what would end one is left out. */
function code(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll('|', '¦')}\``;
}
