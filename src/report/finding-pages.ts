import { catalogueEntry, FINDING_IDS, type FindingId } from '../diagnosis/catalogue.ts';
import { inGeneral, saysSomething } from '../diagnosis/general.ts';
import { ENGLISH } from '../diagnosis/text/en.ts';

export interface Page {
  /** File name within the folder of findings. */
  readonly name: string;
  readonly text: string;
}

const FAMILIES: Readonly<Record<string, string>> = {
  config: 'Configuration (no packet needed)',
  dns: 'Names',
  net: 'Network and reachability',
  tls: 'TLS',
  auth: 'Authentication',
  relay: 'Relay',
  stun: 'STUN',
  nat: 'NAT',
  ice: 'Gathering',
  call: 'Calls',
};

const LOCI: Readonly<Record<string, string>> = {
  client: 'this machine or its settings',
  path: 'the network between',
  server: 'the server',
  configuration: 'the configuration',
  unknown: 'not determined by the finding alone',
};

/** `docs/findings`: a page for each finding, and the list of them. Made from the catalogue, never by hand. */
export function findingPages(): Page[] {
  return [
    { name: 'README.md', text: indexPage() },
    ...FINDING_IDS.map((id) => ({ name: `${id}.md`, text: pageOf(id) })),
  ];
}

function indexPage(): string {
  const families = [...new Set(FINDING_IDS.map(familyOf))];
  return document([
    '# Findings',
    'Everything that iceprobe can name. Severities are the usual ones: some depend on what else was seen. Each page says what the finding means, what must have been seen before it is raised, and how to mend it. `iceprobe explain ID` says the same.',
    ...families.flatMap((family) => [
      `## ${FAMILIES[family] ?? family}`,
      [
        '| finding | severity | says |',
        '|---|---|---|',
        ...FINDING_IDS.filter((id) => familyOf(id) === family).map(
          (id) => `| [\`${id}\`](${id}.md) | ${catalogueEntry(id).severity} | ${cell(titleOf(id))} |`,
        ),
      ].join('\n'),
    ]),
  ]);
}

function pageOf(id: FindingId): string {
  const { severity, locus, explains = [], aliases = [] } = catalogueEntry(id);
  const { title, meaning, needs, fix, users } = ENGLISH.findings[id];
  const explainedBy = FINDING_IDS.filter((other) => catalogueEntry(other).explains?.includes(id));
  return document([
    `# ${id}`,
    saysSomething(title) ? sentence(plain(inGeneral(title))) : 'The title differs from case to case.',
    [
      `- Severity: **${severity}**, unless the case says otherwise`,
      `- The fault lies with: **${LOCI[locus] ?? locus}**`,
      ...(explains.length > 0 ? [`- Explains, and then stands in the place of: ${links(explains)}`] : []),
      ...(explainedBy.length > 0 ? [`- Is a consequence of, where one of these is found: ${links(explainedBy)}`] : []),
      ...(aliases.length > 0 ? [`- Earlier names: ${aliases.map((alias) => `\`${alias}\``).join(', ')}`] : []),
    ].join('\n'),
    '## What it means',
    sentence(plain(meaning)),
    ...(users === undefined ? [] : ['## What users see', sentence(plain(inGeneral(users)))]),
    '## What must have been seen',
    sentence(plain(needs)),
    '## How to mend it',
    saysSomething(fix) ? sentence(plain(inGeneral(fix))) : 'The finding itself says it: that depends on the case.',
  ]);
}

function titleOf(id: FindingId): string {
  const { title } = ENGLISH.findings[id];
  return saysSomething(title) ? inGeneral(title) : 'what is wrong, in words of the case';
}

function familyOf(id: string): string {
  return id.slice(0, id.indexOf('.'));
}

function links(ids: readonly string[]): string {
  return ids.map((id) => `[\`${id}\`](${id}.md)`).join(', ');
}

function document(blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`;
}

function sentence(text: string): string {
  const whole = /^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.?!:]$/.test(whole) ? whole : `${whole}.`;
}

function plain(text: string): string {
  return text.replace(/[\\`*_<>#|]/g, '\\$&');
}

function cell(text: string): string {
  return plain(text);
}
