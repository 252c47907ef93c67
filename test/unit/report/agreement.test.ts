import { spawnSync } from 'node:child_process';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { Parser } from 'tap-parser';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src/record/report.ts';
import { casesOf } from '../../../src/report/cases.ts';
import { github } from '../../../src/report/github.ts';
import { junit } from '../../../src/report/junit.ts';
import { nagios, nagiosExitCode } from '../../../src/report/nagios.ts';
import { prometheus } from '../../../src/report/prometheus.ts';
import { tap } from '../../../src/report/tap.ts';
import { describeNeeding, pathOf } from '../../support/needs.ts';
import { finding, healthyAttempt, report, server } from '../check/report.ts';

const URL_A = 'turn:turn.example.org';
const URL_B = 'stun:stun.example.org';
/** What a server might call itself to break out of a format. */
const EVIL =
  'x"]]><b>&amp;</b> | \u001b[31m\n::error::pwned\nnot ok 99 - forged # TODO %0A `$x` @someone #12 \'=\ud800\uffff';

const good = report([URL_A, URL_B], {
  command: 'check',
  expectations: [
    { text: `data crosses the relay of ${URL_A}`, met: true, value: true },
    { text: `${URL_B} answers`, met: true, value: true },
  ],
});
const badFinding = finding({
  id: 'auth.bad-credentials',
  subject: URL_A,
  title: 'refused',
  detail: 'saw 401',
  fix: 'mend it',
});
const failing = report([URL_A, URL_B], {
  command: 'check',
  servers: [server(URL_A, { verdict: 'error' }, 'error'), server(URL_B)],
  expectations: [
    {
      text: `data crosses the relay of ${URL_A}`,
      met: false,
      value: false,
      because: 'data does not cross its relay',
      finding: 'auth.bad-credentials',
    },
    { text: 'max-rtt 5 ms', met: null, value: null, because: 'it was not measured' },
  ],
  findings: [badFinding],
  verdict: 'error',
  exitCode: 1,
});
const warned = report([URL_A], {
  findings: [finding({ id: 'net.high-latency', severity: 'warning', subject: URL_A, title: 'slow' })],
  verdict: 'warning',
});
const open = report([URL_A], {
  servers: [server(URL_A, { verdict: 'undetermined' }, 'undetermined')],
  verdict: 'undetermined',
  exitCode: 3,
});
const allowed = report([URL_A], {
  servers: [server(URL_A, { verdict: 'error' }, 'error')],
  findings: [
    finding({ severity: 'info', subject: URL_A, title: 'known', params: { allowed: true, severityBefore: 'error' } }),
  ],
});
const strict: Report = { ...warned, verdict: 'error', exitCode: 1 };
const interrupted: Report = { ...good, exitCode: 130 };
const elsewhere = report([URL_B], {
  findings: [finding({ id: 'net.no-network', subject: 'eth0' })],
  verdict: 'error',
  exitCode: 1,
});
const empty = report([], { servers: [], verdict: 'ok' });
const evil = report([EVIL], {
  servers: [
    server(EVIL, {}, 'error'),
    { ...server(EVIL, {}, 'error'), attempts: [healthyAttempt(EVIL), healthyAttempt(EVIL)] },
  ],
  expectations: [{ text: EVIL, met: false, value: EVIL, because: EVIL }],
  findings: [
    finding({ subject: EVIL, title: EVIL, detail: EVIL, fix: EVIL, ruledOut: [{ cause: EVIL, because: EVIL }] }),
  ],
  notes: [EVIL],
  verdict: 'error',
  exitCode: 1,
});
const tls = report(['turns:turn.example.org'], {
  servers: [
    server('turns:turn.example.org', {
      tls: {
        protocol: 'TLSv1.3',
        cipher: null,
        subjectAltNames: [],
        issuer: null,
        daysLeft: 30,
        chain: [],
        problems: [],
      },
    }),
  ],
});

const REPORTS = { good, failing, warned, open, allowed, strict, interrupted, elsewhere, empty, evil, tls };
const each = Object.entries(REPORTS).map(([name, value]) => ({ name, value }));

describe.each(each)('a run that is $name', ({ value }) => {
  const isGood = value.exitCode === 0;

  it('has a case that does not pass exactly where its exit code is not 0', () => {
    const cases = casesOf(value);
    expect(cases.every(({ outcome }) => outcome === 'pass')).toBe(isGood);
  });

  it('is the same to who reads JUnit', () => {
    const text = junit(value);
    expect(XMLValidator.validate(text)).toBe(true);
    const { testsuites } = new XMLParser({ ignoreAttributes: false, isArray: (name) => name === 'testsuite' }).parse(
      text,
    );
    const bad = (testsuites.testsuite ?? []).reduce(
      (sum: number, suite: Record<string, string>) => sum + Number(suite['@_failures']) + Number(suite['@_errors']),
      0,
    );
    expect(bad === 0).toBe(isGood);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML cannot hold them
    expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u);
  });

  it('is the same to who reads TAP', () => {
    const events = Parser.parse(tap(value), { strict: true });
    const complete = events.find(([type]) => type === 'complete')?.[1] as unknown as { ok: boolean };
    expect(complete.ok).toBe(isGood);
  });

  it('is workflow commands to GitHub, and nothing else', () => {
    for (const line of github(value).trimEnd().split('\n')) {
      expect(line).toMatch(/^::(error|warning|notice) title=[^:,\r\n]+::[^\r\n]+$/);
    }
  });

  it('is one line with figures to Nagios', () => {
    const figure = "'?[^'=|\\s]+'?=-?[0-9.]+(us|ms|s|%|B|c)?(;[-0-9.:@~]*){0,4}";
    expect(nagios(value)).toMatch(new RegExp(`^ICEPROBE [A-Z]+ - [^|\n]+ \\| ${figure}( ${figure})*\n$`));
  });
});

describeNeeding('promtool')('promtool', () => {
  it.each(each)('$name: finds nothing to say', ({ value }) => {
    const { status, stdout, stderr } = spawnSync(pathOf('promtool'), ['check', 'metrics'], {
      input: prometheus(value),
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

it('nagios: what is not known to be well is not OK', () => {
  const states = Object.entries(REPORTS).map(([name, value]) => [name, nagiosExitCode(value)]);
  expect(Object.fromEntries(states)).toEqual({
    good: 0,
    failing: 2,
    warned: 1,
    open: 3,
    allowed: 0,
    strict: 2,
    interrupted: 3,
    elsewhere: 2,
    empty: 0,
    evil: 2,
    tls: 0,
  });
});
