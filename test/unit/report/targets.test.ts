import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { Parser as TapParser } from 'tap-parser';
import { describe, expect, it, test } from 'vitest';
import { render } from '../../../src/cli/output/formats.ts';
import { redactTargets } from '../../../src/record/redact.ts';
import type { Report } from '../../../src/record/report.ts';
import { runsOf } from '../../../src/record/runs.ts';
import { isTargetsReport, targetsReport } from '../../../src/record/targets.ts';
import { compareReports, compareTargets } from '../../../src/report/compare.ts';
import { html } from '../../../src/report/html.ts';
import { PLAIN } from '../../../src/report/style.ts';
import { Run, turnServer } from '../../support/events.ts';
import { expectTargetsReport } from '../../support/schema.ts';
import { cutOff, healthy, wrongPassword } from './samples.ts';

const good = healthy().report({ expectations: [{ text: 'require relay/udp', met: true, value: 1 }] });
const bad = wrongPassword().report({
  expectations: [
    { text: 'max-rtt 100 ms', met: false, value: 120, because: 'it is 120', finding: 'auth.bad-credentials' },
  ],
});
const doubt = cutOff().report();

const ALL = targetsReport([
  { target: 'prod', report: good },
  { target: 'eu-west.staging', report: bad },
  { target: 'a-name-that-is-longer-than-most-names-are', report: doubt },
]);

describe('several targets', () => {
  it('are as bad as the worst of them', () => {
    expectTargetsReport(ALL);
    expect(ALL).toMatchObject({ exitCode: 1, verdict: 'error', command: 'gather' });
    expect(isTargetsReport(ALL)).toBe(true);
    expect(isTargetsReport(good)).toBe(false);
    const codes = (...reports: readonly Partial<Report>[]) => {
      const { exitCode, verdict } = targetsReport(
        reports.map((own, at) => ({ target: `${at}`, report: { ...good, ...own } })),
      );
      return [exitCode, verdict];
    };
    expect(codes({ verdict: 'ok' }, { verdict: 'warning' })).toEqual([0, 'warning']);
    expect(codes({ verdict: 'undetermined', exitCode: 3 }, { verdict: 'warning' })).toEqual([3, 'undetermined']);
    expect(codes({ exitCode: 1 }, { exitCode: 3 })).toEqual([1, 'ok']);
    expect(codes({ exitCode: 1 }, { exitCode: 130 })).toEqual([130, 'ok']);
  });

  it('took from the first beginning to the last end', () => {
    const at = (startedAt: string, durationMs: number) => ({
      target: startedAt,
      report: { ...good, startedAt, durationMs },
    });
    const all = targetsReport([at('2026-01-01T00:00:02.000Z', 500), at('2026-01-01T00:00:00.000Z', 1000)]);
    expect(all).toMatchObject({ startedAt: '2026-01-01T00:00:00.000Z', durationMs: 2500 });
    expect(targetsReport([at('some day', 500)]).durationMs).toBe(500);
  });

  it.each(['pretty', 'markdown', 'junit', 'tap', 'github', 'nagios', 'prometheus'] as const)(
    'as %s',
    async (format) => {
      await expect(render(format, ALL, PLAIN)).toMatchFileSnapshot(`./golden/targets/${format}.txt`);
    },
  );

  it('have suites of their own in JUnit, whose counts are true', () => {
    const text = render('junit', ALL, PLAIN);
    expect(XMLValidator.validate(text)).toBe(true);
    const parsed = new XMLParser({
      ignoreAttributes: false,
      isArray: (tag) => ['testsuite', 'testcase'].includes(tag),
    }).parse(text) as { testsuites: { '@_tests': string; testsuite: { '@_name': string; testcase: object[] }[] } };
    const { testsuite } = parsed.testsuites;
    const names = testsuite.map((suite) => suite['@_name']);
    for (const { target } of ALL.targets) expect(names.some((name) => name.startsWith(`${target}.`))).toBe(true);
    expect(new Set(names).size).toBe(names.length);
    expect(testsuite.flatMap(({ testcase }) => testcase)).toHaveLength(Number(parsed.testsuites['@_tests']));
  });

  it('are one TAP document', () => {
    const results = TapParser.parse(render('tap', ALL, PLAIN));
    expect(results.filter(([kind]) => kind === 'extra' || kind === 'bailout')).toEqual([]);
    expect(results.find(([kind]) => kind === 'complete')?.[1]).toMatchObject({ ok: false });
  });

  it('are one line for a monitor, with the data of each under a label that occurs once', () => {
    const text = render('nagios', ALL, PLAIN);
    expect(text).toMatch(/^ICEPROBE CRITICAL - eu-west\.staging: auth\.bad-credentials: [^|\n]+ \| [^|\n]+\n$/);
    const labels = [...text.slice(text.indexOf('|')).matchAll(/ ([^ =]+)=/g)].map((match) => match[1]);
    expect(labels.length).toBeGreaterThan(5);
    expect(new Set(labels).size).toBe(labels.length);
  });

  it('are masked with the same stand-in for what is equal', () => {
    const text = JSON.stringify(redactTargets(ALL));
    expect(text).not.toMatch(/198\.51\.100\.7|turn\.example\.org/);
    expect(text).toContain('"target":"eu-west.staging"');
    const [first, second] = redactTargets(ALL).targets.map(({ report }) => report.configuration.iceServers[0]?.urls[0]);
    expect(first).toBe(second);
  });

  it('stand in one page', () => {
    const text = html(ALL, '<template id="report"></template>');
    const embedded = /<template id="report">([^<]*)<\/template>/.exec(text)?.[1] ?? '';
    expect(JSON.parse(embedded)).toEqual(JSON.parse(JSON.stringify(ALL)));
  });
});

describe('what changed between several targets', () => {
  test('is told by target, also where one came or went', () => {
    const before = targetsReport([
      { target: 'a', report: good },
      { target: 'gone', report: good },
    ]);
    const after = targetsReport([
      { target: 'a', report: bad },
      { target: 'new', report: bad },
    ]);
    const changes = compareTargets(before, after);
    expect(changes).toContainEqual({
      what: 'verdict',
      subject: 'a: the run',
      before: 'ok',
      after: 'error',
      judgement: 'worse',
    });
    expect(changes).toContainEqual({
      what: 'target',
      subject: 'new',
      before: null,
      after: 'error',
      judgement: 'worse',
    });
    expect(changes).toContainEqual({
      what: 'target',
      subject: 'gone',
      before: 'ok',
      after: null,
      judgement: 'different',
    });
    expect(compareTargets(before, before)).toEqual([]);
  });
});

describe('attempts that are alike', () => {
  test('are compared in their order, so that a run never differs from itself', () => {
    const run = new Run({ servers: [turnServer('turn:a')] }).gathering();
    run.attempt('turn:a').pass('binding', {}, 10).allocated();
    run.attempt('turn:a').pass('binding', {}, 500).allocated();
    const report = run.complete().report();
    expect(report.servers?.[0]?.attempts).toHaveLength(2);
    expect(compareReports(report, report)).toEqual([]);
  });
});

describe('a stream of events', () => {
  test('is taken apart by target, and of runs that were repeated the last counts', () => {
    const run = healthy().events;
    const marked = (target: string) => run.map((event) => ({ target, ...event }));
    const mixed = [...marked('a').flatMap((event, at) => [event, ...marked('b').slice(at, at + 1)]), ...marked('a')];
    const runs = runsOf(mixed);
    expect(runs.map(({ target, earlier }) => [target, earlier])).toEqual([
      ['a', 1],
      ['b', 0],
    ]);
    for (const { events } of runs) expect(events).toEqual(run);
    expect(runsOf(run)).toEqual([{ target: undefined, events: run, earlier: 0 }]);
  });
});
