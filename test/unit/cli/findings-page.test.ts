import { expect, it } from 'vitest';
import { explainFinding } from '../../../src/cli/explain/explanation.ts';
import { catalogueEntry, FINDING_IDS } from '../../../src/diagnosis/catalogue.ts';

/** What a family of findings is about, in the order of the page. */
const FAMILIES: Readonly<Record<string, string>> = {
  config: 'Configuration (no packet needed)',
  dns: 'Names',
  net: 'Reachability',
  tls: 'TLS',
  auth: 'Authentication',
  relay: 'Relay',
  stun: 'STUN',
  nat: 'NAT',
  ice: 'Gathering',
};

const INTRODUCTION = `# What can it find?

Made from the catalogue of the diagnosis by the tests (\`npx vitest run --project unit -u findings-page\` renews it).
\`iceprobe explain FINDING\` shows the same. A rule speaks only where what it needs was seen; what it is not sure of it calls
\`likely\` or \`possible\`.
`;

it('docs/findings.md lists every finding as explain has it', async () => {
  const families = [...new Set(FINDING_IDS.map((id) => id.slice(0, id.indexOf('.'))))];
  expect(families.filter((family) => FAMILIES[family] === undefined)).toEqual([]);
  const sections = Object.entries(FAMILIES)
    .filter(([family]) => families.includes(family))
    .map(([family, heading]) => {
      const ids = FINDING_IDS.filter((id) => id.startsWith(`${family}.`));
      return `## ${heading}\n\n${ids.map(section).join('\n')}`;
    });
  await expect([INTRODUCTION, ...sections].join('\n')).toMatchFileSnapshot('../../../docs/findings.md');
});

function section(id: (typeof FINDING_IDS)[number]): string {
  const { severity, locus, title, meaning, needs, fix } = explainFinding(id);
  const { aliases = [] } = catalogueEntry(id);
  const also = aliases.length === 0 ? '' : ` Formerly ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`;
  return `### ${id}

${title} (${severity}, fix on: ${locus}).${also}

${meaning}

- needs: ${needs}
- fix: ${/^<\w+>$/.test(fix) ? 'depends on the case: the finding itself says it' : fix}
`.replace(/</g, '&lt;');
}
