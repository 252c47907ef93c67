import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { Parser as TapParser } from 'tap-parser';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src/record/report.ts';
import { casesOf } from '../../../src/report/cases.ts';
import { github } from '../../../src/report/github.ts';
import { junit } from '../../../src/report/junit.ts';
import { markdown } from '../../../src/report/markdown.ts';
import { nagios, nagiosExitCode } from '../../../src/report/nagios.ts';
import { prometheus, prometheusOf } from '../../../src/report/prometheus.ts';
import { tap } from '../../../src/report/tap.ts';
import { Run, turnServer } from '../../support/events.ts';
import { cutOff, healthy, inboundBlocked, TURN, wrongPassword } from './samples.ts';

const EXPECTATIONS = [
  { text: 'relay/udp', met: true, value: 1 },
  { text: 'relay/tls for <all>', met: false, value: 0, because: 'no "such" candidate', finding: 'tls.expired' },
  { text: 'max-rtt 100 ms', met: null, value: null, because: 'nothing was measured' },
] as const;

const REPORTS: Readonly<Record<string, Report>> = {
  healthy: healthy().report(),
  'wrong-password': wrongPassword().report(),
  'inbound-blocked': inboundBlocked().report(),
  'not-determined': cutOff().report(),
  expectations: healthy().report({ expectations: EXPECTATIONS }),
  hostile: hostile().report(),
};

/** Everything that means something to one of the formats, in places that a server or a user fills. */
function hostile(): Run {
  const evil = 'a|b <c> & "d" \'e\' # f % g :: h, `i` @j [k](l) *m* _n_ \\ \u001b[2J\r\n]]> \ufffe $(o)';
  const run = new Run({ servers: [turnServer(TURN, evil)] }).gathering();
  run.error(TURN, 401, evil);
  run.attempt(TURN).rejected(401, { software: evil, reason: evil });
  run.record({ type: 'note', text: evil });
  return run.complete();
}

const FORMATS = { markdown, junit, tap, github, nagios, prometheus };

describe.each(Object.entries(FORMATS))('%s', (format, render) => {
  it.each(Object.keys(REPORTS).filter((name) => name !== 'hostile'))('of a run: %s', async (name) => {
    await expect(render(report(name))).toMatchFileSnapshot(`./golden/${format}/${name}.txt`);
  });

  it('lets nothing from outside break out of its place', async () => {
    const text = render(report('hostile'));
    for (const evil of ['\u001b', '\r', '\ufffe']) expect(text).not.toContain(evil);
    expect(text.endsWith('\n')).toBe(true);
    await expect(text).toMatchFileSnapshot(`./golden/${format}/hostile.txt`);
  });
});

describe('cases', () => {
  it.each(Object.entries(REPORTS))('fail for each error, and doubt where the report does: %s', (_name, each) => {
    const cases = casesOf(each);
    for (const { id, severity } of each.findings) {
      if (severity !== 'error') continue;
      expect(
        cases.some((one) => one.outcome === 'fail' && one.findings.includes(id)),
        id,
      ).toBe(true);
    }
    const passes = cases.every(({ outcome }) => outcome === 'pass');
    expect(passes).toBe(each.exitCode === 0);
  });
});

describe('junit', () => {
  it.each(Object.keys(REPORTS))('is XML whose counts are true: %s', (name) => {
    const text = junit(report(name));
    expect(XMLValidator.validate(text)).toBe(true);
    const parsed = new XMLParser({
      ignoreAttributes: false,
      isArray: (tag) => ['testsuite', 'testcase'].includes(tag),
    }).parse(text);
    const { testsuites } = parsed as { testsuites: Suites };
    const cases = testsuites.testsuite.flatMap((suite) => suite.testcase);
    const truth = casesOf(report(name));
    expect(cases.map((each) => each['@_name'])).toEqual(truth.map((each) => entities(each.name)));
    expect(Number(testsuites['@_tests'])).toBe(cases.length);
    expect(Number(testsuites['@_failures'])).toBe(cases.filter((each) => each.failure !== undefined).length);
    expect(Number(testsuites['@_errors'])).toBe(cases.filter((each) => each.error !== undefined).length);
  });
});

describe('tap', () => {
  it.each(Object.keys(REPORTS))('is read by a parser: %s', (name) => {
    const results = TapParser.parse(tap(report(name)));
    const asserts = results.filter(([kind]) => kind === 'assert').map(([, assertion]) => assertion as Assertion);
    const truth = casesOf(report(name));
    expect(results.filter(([kind]) => kind === 'extra' || kind === 'bailout')).toEqual([]);
    expect(asserts.map(({ ok }) => ok)).toEqual(truth.map(({ outcome }) => outcome === 'pass'));
    expect(asserts.every(({ todo, skip }) => todo !== true && skip !== true)).toBe(true);
    const failed = asserts.find(({ ok }) => !ok);
    const told = truth.find(({ outcome }) => outcome !== 'pass');
    expect(failed?.diag?.message).toBe(told?.message);
  });
});

describe('nagios', () => {
  it.each([
    ['healthy', 'OK', 0],
    ['wrong-password', 'CRITICAL', 2],
    ['not-determined', 'UNKNOWN', 3],
    ['hostile', 'CRITICAL', 2],
  ] as const)('of %s: %s', (name, word, code) => {
    const text = nagios(report(name));
    expect(nagiosExitCode(report(name))).toBe(code);
    expect(text).toMatch(new RegExp(`^ICEPROBE ${word} - [^|\\n]+ \\| ([a-z_]+=-?[\\d.]+[a-z%]*;?[\\d.;]* ?)+\\n$`));
  });

  it('warns with 1', () => {
    expect(nagiosExitCode({ verdict: 'warning', exitCode: 0 })).toBe(1);
  });
});

describe('prometheus', () => {
  const LINE = /^[a-z_]+\{([a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,|(?=\})))+\} -?\d+(\.\d+)?(e-?\d+)?$/;

  it.each(Object.keys(REPORTS))('has the form of the exposition format, no series twice: %s', (name) => {
    const lines = prometheus(report(name)).trimEnd().split('\n');
    const samples = lines.filter((line) => !line.startsWith('#'));
    for (const line of samples) expect(line).toMatch(LINE);
    const series = samples.map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(series).size).toBe(series.length);
    const declared = lines.flatMap((line) => /^# TYPE (\w+) gauge$/.exec(line)?.[1] ?? []);
    expect(new Set(declared).size).toBe(declared.length);
    for (const line of samples) expect(declared).toContain(line.slice(0, line.indexOf('{')));
  });

  it('puts several targets into one exposition', () => {
    const text = prometheusOf([
      { target: 'a', report: report('healthy') },
      { target: 'b', report: report('wrong-password') },
    ]);
    expect(text.match(/# TYPE iceprobe_up /g)).toHaveLength(1);
    expect(text).toContain('iceprobe_up{target="a"} 1\niceprobe_up{target="b"} 0\n');
  });
});

describe('github', () => {
  it('writes one workflow command a line', () => {
    for (const each of Object.values(REPORTS)) {
      for (const line of github(each).trimEnd().split('\n')) {
        expect(line).toMatch(/^::(error|warning|notice) title=[^:,]+::.+$/);
      }
    }
  });
});

interface Suites {
  readonly '@_tests': string;
  readonly '@_failures': string;
  readonly '@_errors': string;
  readonly testsuite: readonly { readonly testcase: readonly TestCase[] }[];
}

interface TestCase {
  readonly '@_name': string;
  readonly failure?: unknown;
  readonly error?: unknown;
}

interface Assertion {
  readonly ok: boolean;
  readonly todo?: unknown;
  readonly skip?: unknown;
  readonly diag?: { readonly message?: string };
}

/** The parser leaves numeric entities alone, and there are none. */
function entities(text: string): string {
  return text;
}

function report(name: string): Report {
  const found = REPORTS[name];
  if (found === undefined) throw new Error(name);
  return found;
}
