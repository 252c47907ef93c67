import { describe, expect, it } from 'vitest';
import { catalogueEntry, FINDING_IDS, type FindingId } from '../../../src/diagnosis/catalogue.ts';
import { EVERY_SCENARIO } from '../../lab/scenarios/all.ts';
import { MENDINGS, UNMENDED } from '../../lab/scenarios/fixes.ts';
import { DIAGNOSIS_SCENARIOS } from '../diagnosis/scenarios/all.ts';

// Which scenario of the lab names each finding first, which comes close and must not, and whether its printed fix is applied there:
// ../../lab/TABLE.md, written by `npx vitest run --project unit test/unit/lab/table.test.ts -u`. A finding that is nowhere fails.

const NO_PACKET = 'needs no packet: told of configurations by unit tests and lint';
const CALL = 'of calls, which other tests make: interop/call and unit tests';
/** Why no scenario of the lab names it first. A finding that is neither here nor in a scenario fails. */
const ELSEWHERE: Readonly<Partial<Record<FindingId, string>>> = {
  'config.url-syntax': NO_PACKET,
  'config.missing-credential': NO_PACKET,
  'config.relay-policy-without-turn': NO_PACKET,
  'config.credential-expires-soon': NO_PACKET,
  'config.dtls-unsupported': NO_PACKET,
  'config.port-restricted': NO_PACKET,
  'config.duplicate': NO_PACKET,
  'config.too-many': NO_PACKET,
  'config.dead-public-server': NO_PACKET,
  'config.form': NO_PACKET,
  'config.tls-needs-name': NO_PACKET,
  'config.no-tls-443': NO_PACKET,
  'net.lost-midway': 'the cable is pulled in the middle: lab/vanishing.test.ts',
  'net.egress-filtered': 'needs a witness at another place: lab/witness.test.ts',
  'net.same-site': 'info: told wherever a server is on this machine, by interop tests',
  'tls.intercepted': 'needs a pin or an earlier run to compare with: unit tests',
  'auth.clock-skew': "needs a server's clock in its nonce, as coturn has it from 4.17 on: unit tests",
  'nat.carrier-grade': 'info, and asked of gateways when told to: lab/gateway.test.ts',
  'nat.double': 'info, and asked of gateways when told to: lab/gateway.test.ts',
  'nat.no-hairpin': 'info: lab/nat.test.ts',
  'call.stack-crashed': CALL,
  'call.no-path': CALL,
  'call.one-way': CALL,
  'call.dtls-failed': CALL,
  'call.late-candidates': CALL,
  'call.consent-lost': CALL,
  'call.slow-connect': CALL,
  'call.relay-only': CALL,
  'ice.server-failed': 'what is left where nothing explains a failure: each that the lab met got a name; unit tests',
  'ice.no-relay': 'a symptom, which its cause explains: unit tests',
  'ice.no-srflx': 'a symptom, which its cause explains: unit tests',
  'ice.host-hidden': 'info, of browsers alone: lab/gather-browser and unit tests',
  'ice.vantages-differ': 'needs a browser beside the terminal: unit tests and interop/web',
};

const names = (test: (scenario: (typeof EVERY_SCENARIO)[number]) => boolean): string[] =>
  EVERY_SCENARIO.filter(test).map(({ name }) => name);
const firsts = (id: string): string[] =>
  names(({ expect: { first, also } }) => [first].flat().includes(id) || also?.includes(id) === true);
const closeOnes = (id: string): string[] =>
  names(({ misses, expect: { forbidden } }) => misses?.includes(id) === true || forbidden?.includes(id) === true);
const events = (id: string): number =>
  DIAGNOSIS_SCENARIOS.filter((each) => each.id === id).reduce((sum, { near }) => sum + near.length, 0);
const isMended = (id: string): boolean => MENDINGS.some(({ finding }) => finding === id);

describe('every finding', () => {
  it('is named first by a scenario of the lab, or it is said why not', () => {
    const nowhere = FINDING_IDS.filter((id) => firsts(id).length === 0);
    expect(nowhere).toEqual(FINDING_IDS.filter((id) => ELSEWHERE[id] !== undefined));
  });

  it('that the lab names has a near miss there', () => {
    const named = FINDING_IDS.filter((id) => firsts(id).length > 0);
    expect(named.filter((id) => closeOnes(id).length === 0)).toEqual([]);
  });

  it('about a server has a fix that is applied, or it is said why not', () => {
    const unmended = FINDING_IDS.filter((id) => catalogueEntry(id).locus === 'server' && !isMended(id));
    expect(unmended).toEqual(FINDING_IDS.filter((id) => UNMENDED[id] !== undefined));
  });

  it('stands in the table', async () => {
    const rows = FINDING_IDS.map((id) => {
      const [first, near] = [firsts(id), closeOnes(id)];
      const raised = first.length === 0 ? `(${ELSEWHERE[id] ?? 'NOWHERE'})` : listOf(first);
      return `| \`${id}\` | ${raised} | ${listOf(near)} | ${events(id)} | ${isMended(id) ? 'yes' : (UNMENDED[id] ?? '')} |`;
    });
    const head = [
      '# What the lab shows for each finding',
      '',
      'Written and held to the truth by `test/unit/lab/table.test.ts`. "Near" in events are the unit tests that come close and must not raise it.',
      '',
      '| finding | named first by | comes close | near, in events | its fix is applied |',
      '|---|---|---|---|---|',
    ];
    await expect(`${[...head, ...rows].join('\n')}\n`).toMatchFileSnapshot('../../lab/TABLE.md');
  });
});

function listOf(all: readonly string[]): string {
  const [one = '', ...more] = all.map((name) => name.replaceAll('|', '\\|'));
  return more.length === 0 ? one : `${one} (+${more.length})`;
}
