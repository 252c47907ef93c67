import { describe, expect, it } from 'vitest';
import { catalogueEntry, FINDING_IDS, resolveFindingId } from '../../../src/diagnosis/catalogue.ts';
import { ENGLISH } from '../../../src/diagnosis/text/en.ts';
import { WIDTH } from '../../../src/report/layout.ts';
import { pretty } from '../../../src/report/pretty.ts';
import { Run } from '../../support/events.ts';
import { expectReport } from '../../support/schema.ts';
import { DIAGNOSIS_SCENARIOS } from './scenarios/all.ts';

/** Tested below (no event carries the gateway's own external address yet), and in vantages.test.ts. */
const WITHOUT_SCENARIO = ['nat.carrier-grade', 'nat.double', 'ice.vantages-differ'];

describe('the catalogue', () => {
  it('has a scenario for each finding, and a near miss', () => {
    const raised = new Set(DIAGNOSIS_SCENARIOS.map(({ id }) => id));
    expect(FINDING_IDS.filter((id) => !raised.has(id))).toEqual(WITHOUT_SCENARIO);
    const missed = new Set(DIAGNOSIS_SCENARIOS.filter(({ near }) => near.length > 0).map(({ id }) => id));
    expect(FINDING_IDS.filter((id) => !missed.has(id))).toEqual(WITHOUT_SCENARIO);
  });

  it('explains only findings that exist, and none in a circle', () => {
    const reach = (id: string, path: readonly string[]): void => {
      expect(path, `${id} explains itself`).not.toContain(id);
      for (const next of catalogueEntry(known(id)).explains ?? []) reach(next, [...path, id]);
    };
    for (const id of FINDING_IDS) reach(id, []);
  });

  it('says for each what it means and what it needs', () => {
    for (const id of FINDING_IDS) {
      const text = ENGLISH.findings[id];
      for (const part of [text.title, text.detail, text.fix, text.meaning, text.needs])
        expect(part.length, id).toBeGreaterThan(2);
    }
  });
});

describe.each(DIAGNOSIS_SCENARIOS.map((scenario, index) => [`${scenario.id} (${index})`, scenario] as const))(
  '%s',
  (_name, scenario) => {
    const { id, raise, options = {}, finding = {}, near } = scenario;

    it('is raised', () => {
      const run = raise();
      const report = run.report({ ...options, withEvents: true });
      if (scenario.absorbed === true) {
        expect(report.findings.flatMap(({ consequences }) => consequences)).toContain(id);
        return;
      }
      const raised = run.finding(id, options);
      expect(raised).toMatchObject(finding);
      const { severity } = raised;
      if (scenario.first ?? (severity === 'error' || severity === 'warning')) expect(report.findings[0]?.id).toBe(id);
      expectReport(report);
    });

    it('is told in whole words, within the width', () => {
      const report = raise().report(options);
      for (const told of report.findings) {
        for (const text of [told.title, told.detail, told.fix, ...told.ruledOut.map(({ because }) => because)]) {
          // What a template lacks shows as "?", an empty part as a doubled or leading sign.
          expect(text, `${told.id}: ${text}`).not.toMatch(
            /(^|\s)\?(\s|$|,|;)|\{|\}|\[\[|\]\]| {2}|^[,;:.)]| \( *\)|undefined|null/,
          );
          expect(text.length, told.id).toBeGreaterThan(2);
        }
      }
      for (const line of pretty(report).split('\n')) expect(line.length, line).toBeLessThanOrEqual(WIDTH);
    });

    it.each(near.map((miss) => [miss.name, miss] as const))('is not raised by: %s', (_what, miss) => {
      const report = miss.run().report(miss.options ?? {});
      expect(report.findings.map((each) => each.id)).not.toContain(id);
    });
  },
);

function known(id: string): (typeof FINDING_IDS)[number] {
  const found = resolveFindingId(id);
  if (found === undefined) throw new Error(`${id} is in nobody's catalogue`);
  return found;
}

describe('nat.carrier-grade and nat.double', () => {
  const stamp = { type: 'nat-test', interface: 'eth0', family: 4, tries: 1, outcome: 'yes' } as const;
  const nat = (gateway: string | undefined, mapped = '203.0.113.7:40000'): string[] => {
    const run = new Run({ command: 'nat' }).record({
      ...stamp,
      test: 'mapping',
      local: '192.168.1.23:40000',
      destination: '198.51.100.9:3478',
      answerFrom: '198.51.100.9:3478',
      mappedAddress: mapped,
      via: 'stun',
    });
    if (gateway !== undefined) {
      run.record({
        ...stamp,
        test: 'gateway',
        local: '192.168.1.23',
        destination: '192.168.1.1:5351',
        answerFrom: '192.168.1.1',
        mappedAddress: null,
        externalAddress: gateway,
        via: 'nat-pmp',
      });
    }
    return run.findings().filter((id) => id === 'nat.carrier-grade' || id === 'nat.double');
  };

  it.each([
    ['100.64.3.4', ['nat.carrier-grade']],
    ['192.168.0.2', ['nat.double']],
    ['203.0.113.7', []],
    // A pool, a second uplink, or a gateway that tells what it was set to.
    ['203.0.113.99', []],
    [undefined, []],
  ])('with a gateway that has %s outside: %j', (gateway, ids) => {
    expect(nat(gateway)).toEqual(ids);
  });

  it('is not said where the server itself is on a private network', () => {
    expect(nat('192.168.0.2', '10.0.0.4:40000')).toEqual([]);
  });
});
