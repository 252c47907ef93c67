import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/record/finding.ts';
import type { Report } from '../../../src/record/report.ts';
import { drawEpisode, type Episode, HEALTHY_NETWORKS } from '../../lab/episodes/draw.ts';
import { FAULTS } from '../../lab/episodes/faults.ts';
import { judge } from '../../lab/episodes/judge.ts';
import { confusionTable, wilson } from '../../lab/episodes/table.ts';
import { checkScenario } from '../../lab/support/scenario.ts';

describe('drawing', () => {
  it('gives the same episode for the same seed', () => {
    // The expiry in a credential is that of the moment; everything else follows from the seed.
    const still = (seed: number): string =>
      JSON.stringify(drawEpisode(2 * seed + 1, 'doctor')).replace(/\d{10}:alice[^}]*/, '');
    for (let seed = 0; seed < 50; seed++) expect(still(seed)).toBe(still(seed));
    expect(still(1)).not.toBe(still(2));
  });

  it('draws every kind of network, server and family, also where nothing is wrong', () => {
    const stories = Array.from({ length: 400 }, (_, i) => drawEpisode(2 * i, 'gather').story);
    const of = (pattern: RegExp): Set<string> => new Set(stories.flatMap((story) => pattern.exec(story)?.[1] ?? []));
    expect(of(/^([^;]+)/)).toEqual(new Set(HEALTHY_NETWORKS));
    expect(of(/; (\S+)/)).toEqual(new Set(['coturn', 'pion', 'iceprobe']));
    // By an address of each family, and by names with records of each, of both, and of what NAT64 adds.
    for (const way of [
      /turn:198/,
      /turn:\[2001/,
      /\(\["198[^,]*\]\)/,
      /\(\["2001[^,]*\]\)/,
      /"198[^"]*","2001/,
      /"64:ff9b/,
    ]) {
      expect(stories.filter((story) => way.test(story)).length, String(way)).toBeGreaterThan(5);
    }
  });

  it('comes to every fault, and gives a healthy episode none', () => {
    const rows = new Set<string>();
    let two = 0;
    for (let seed = 0; seed < 1200; seed += 2) {
      const { faults } = drawEpisode(seed + 1, 'doctor');
      for (const { name } of faults) rows.add(name);
      if (faults.length > 1) two++;
      expect(drawEpisode(seed, 'doctor').faults).toEqual([]);
      expect(
        drawEpisode(seed + 1, 'gather')
          .faults.map(({ ids }) => ids.join())
          .join(),
      ).not.toMatch(/relay\.(in|no-d|ad|pr|pe)|net\.(high-loss|jitter|path-mtu|rate)/);
    }
    expect(rows.size).toBe(FAULTS.length);
    expect(two).toBeGreaterThan(20);
  });

  it('describes networks and servers that the lab can make', () => {
    for (let seed = 0; seed < 200; seed++) {
      const { network, servers, zone, command } = drawEpisode(seed, 'doctor');
      checkScenario({
        name: `${seed}`,
        network,
        servers,
        zone,
        command,
        expect: { first: 'none', exitCode: 0, withinMs: 1 },
      });
    }
  });
});

describe('judging', () => {
  const finding = (id: string, rest: Partial<Finding> = {}): Finding => ({
    ...{ id, severity: 'error', locus: 'server', confidence: 'certain', subject: '', title: '', detail: '', fix: '' },
    ...{ ruledOut: [], consequences: [], params: {}, evidence: [] },
    ...rest,
  });
  const said = (faults: Episode['faults'], ...findings: Finding[]) =>
    judge(
      {
        seed: 1,
        network: {},
        servers: [],
        zone: {},
        command: [],
        env: {},
        faults,
        trueHere: ['nat.unstable-address'],
        story: '',
      },
      { findings } as unknown as Report,
      5,
    );
  const refused = {
    name: 'closed port',
    ids: ['net.refused'],
    loci: ['server'],
    tolerated: ['ice.no-relay'],
    identifiable: true,
  } as const;
  const symptom = finding('ice.no-relay', { locus: 'unknown' });

  it.each([
    ['the cause first', [refused], [finding('net.refused'), symptom], 'named-first'],
    ['a symptom first', [refused], [symptom, finding('net.refused')], 'named'],
    ['symptoms alone', [refused], [symptom], 'not-determined'],
    ['nothing', [refused], [], 'not-determined'],
    ['another cause', [refused], [finding('auth.bad-credentials')], 'wrong'],
    ['a remark beside nothing', [], [finding('config.no-tls-443', { severity: 'info' })], 'named-first'],
    ['what is true of the network', [], [finding('nat.unstable-address', { severity: 'warning' })], 'named-first'],
    ['an alarm over nothing', [], [finding('net.high-loss', { severity: 'warning' })], 'wrong'],
  ] as const)('%s', (_, faults, findings, verdict) => {
    expect(said(faults, ...findings).verdict).toBe(verdict);
  });

  it('asks where the fault was put, and whether each claim is true', () => {
    expect(said([refused], finding('net.refused', { locus: 'client' })).locusRight).toBe(false);
    expect(said([refused], symptom).locusRight).toBeUndefined();
    const { claims } = said([refused], finding('net.refused'), finding('auth.expired', { confidence: 'likely' }));
    expect(claims.map(({ confidence, right }) => [confidence, right])).toEqual([
      ['certain', true],
      ['likely', false],
    ]);
  });

  it('makes a run without a report wrong', () => {
    expect(judge({ ...drawEpisode(2, 'gather') }, undefined, 5).verdict).toBe('wrong');
  });

  it('counts all of it', () => {
    const table = confusionTable([
      said([refused], finding('net.refused')),
      said([refused], finding('auth.bad-credentials')),
      said([], finding('net.high-loss', { severity: 'warning' })),
    ]);
    expect(table).toMatch(/^closed port +1 +0 +0 +1 +2$/m);
    expect(table).toMatch(/^named first +1\/2 +50\.0 % +95 %: 9\.5-90\.5 %$/m);
    expect(table).toMatch(/^false alarms, healthy +1\/1 /m);
    expect(table).toMatch(/^"certain" is true +1\/3 /m);
  });
});

it.each([
  [0, 10, 0, 0.278],
  [8, 10, 0.49, 0.943],
  [300, 300, 0.987, 1],
  [0, 0, 0, 1],
])("Wilson's interval of %i in %i", (right, total, low, high) => {
  const [from, to] = wilson(right, total);
  expect(from).toBeCloseTo(low, 3);
  expect(to).toBeCloseTo(high, 3);
});
