import { describe, expect, test } from 'vitest';
import { parseAllowance } from '../../../src/check/allowance.ts';
import { parseAssertion } from '../../../src/check/assertion.ts';
import { type Check, toExpectation } from '../../../src/check/check.ts';
import { defaultChecks } from '../../../src/check/defaults.ts';
import { judge } from '../../../src/check/judge.ts';
import { limitChecks } from '../../../src/check/limits.ts';
import { parseRequirement, requirementCheck } from '../../../src/check/requirement.ts';
import type { Report } from '../../../src/record/report.ts';
import { candidate, finding, report, server } from './report.ts';

const STUN = 'stun:stun.example.org';
const TURN = 'turn:turn.example.org';
const TURNS = 'turns:turn.example.org';
const SCHEMA = {
  properties: {
    findings: { type: 'array', items: { properties: { id: {}, severity: {} } } },
    servers: {
      type: 'array',
      items: {
        properties: {
          url: { type: 'string' },
          attempts: {
            type: 'array',
            items: {
              properties: { relay: { properties: { lossPercent: { type: 'number' } } }, transport: { type: 'string' } },
            },
          },
        },
      },
    },
    gatherings: {
      type: 'array',
      items: { properties: { candidates: { type: 'array', items: { properties: { type: {} } } } } },
    },
  },
};

const NO_DATA = [{ stage: 'relay-data', status: 'fail', ms: 1, detail: '', data: { cause: 'timeout' } }] as const;
const NOT_RUN = [{ stage: 'allocate', status: 'unknown', ms: 1, detail: '', data: { cause: 'not-run' } }] as const;

function required(text: string): Check {
  const parsed = parseRequirement(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return requirementCheck(parsed.value);
}

function asserted(text: string): Check {
  const parsed = parseAssertion(text, SCHEMA);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const met = (check: Check, of: Report) => check.evaluate(of).met;

describe('--require', () => {
  test.each<[string, Report, boolean | null]>([
    ['relay', report([TURN]), true],
    ['relay/udp', report([TURN]), true],
    ['relay/udp/4', report([TURN]), true],
    ['relay/udp/6', report([TURN]), false],
    ['relay/tls', report([TURNS]), true],
    [`relay@${TURN}`, report([STUN, TURN]), true],
    ['relay', report([TURN], { servers: [server(TURN, { stages: NO_DATA })] }), false],
    ['relay', report([TURN], { servers: [server(TURN, { stages: NOT_RUN }, 'undetermined')] }), null],
    ['srflx', report([STUN]), true],
    ['host', report([STUN]), true],
    // No NAT: the reflexive address is the host's own, and the server did answer.
    ['srflx', report([STUN], { gatherings: [] }), true],
    ['host', report([STUN], { gatherings: [] }), null],
  ])('%s', (text, of, expected) => {
    expect(met(required(text), of)).toBe(expected);
  });

  test.each([
    ['relais', '"relais" is no candidate type'],
    ['relay/sctp', '"sctp" is neither a transport nor a family'],
    ['srflx/udp', '"udp" says how a relay is reached'],
    ['relay@', 'no URL after "@"'],
  ])('%s is refused', (text, message) => {
    expect(parseRequirement(text)).toMatchObject({ ok: false, error: { option: 'require', text, message } });
  });

  test('what no configured URL can give is a usage error', () => {
    expect(required('relay').impossible([STUN])).toContain('none of the configured URLs can give relay');
    expect(required('relay/tls').impossible([TURN])).toContain('relay/tls');
    expect(required('relay/tls').impossible([TURN, TURNS])).toBeUndefined();
    expect(required('relay@turn:other').impossible([TURN])).toContain('turn:other is none of the configured URLs');
    expect(required('host').impossible([STUN])).toBeUndefined();
  });
});

describe('--expect', () => {
  const lossy = report([TURN], { findings: [finding({})] });
  test.each<[string, Report, boolean | null]>([
    ['findings.count == 0', report([TURN]), true],
    ['findings.count == 0', lossy, false],
    ['findings[id=relay.no-data].count >= 1', lossy, true],
    ['servers[*].attempts[*].relay.lossPercent < 5', report([TURN, TURNS]), true],
    ['servers[0].attempts[0].relay.lossPercent < 5', report([STUN]), null],
    ['servers[0].attempts[0].transport == udp', report([TURN]), true],
    ['gatherings[0].candidates[type=relay].count >= 1', report([TURN]), false],
    [
      'gatherings[0].candidates[type=relay].count >= 1',
      report([TURN], {
        gatherings: [{ ...first(report([TURN]).gatherings), candidates: [candidate({ type: 'relay' })] }],
      }),
      true,
    ],
  ])('%s', (text, of, expected) => {
    expect(met(asserted(text), of)).toBe(expected);
  });

  test.each([
    ['servers', 'it is not of the form FIELD OPERATOR VALUE'],
    ['server.count == 1', 'the report has no field "server"; it has findings, servers, gatherings'],
    ['servers[*].URL == x', 'servers has no field "URL"; did you mean "url"?'],
    ['servers.. == 1', 'column 8: ".." is no field, [number], [*] or [field=value]'],
    ['servers.count < many', '"many" is no number, and < compares numbers'],
    ['findings[idd=x].count == 1', 'the elements of findings have no field "idd"; it has id, severity'],
  ])('%s is refused', (text, message) => {
    expect(parseAssertion(text, SCHEMA)).toMatchObject({ ok: false, error: { option: 'expect', text, message } });
  });
});

describe('limits', () => {
  const slow = report([TURN], {
    servers: [
      server(TURN, {
        relay: {
          address: '',
          port: 1,
          directions: [],
          rttMs: { min: 1, p50: 400, p95: 1, max: 1 },
          jitterMs: 0,
          lossPercent: 7,
        },
      }),
    ],
  });
  test('each passes, fails with its figure and subject, and is open where nothing was measured', () => {
    const [rtt, loss, time, days] = limitChecks({ maxRtt: 100, maxLoss: 5, maxGatherTime: 100, minCertDays: 14 });
    expect(rtt?.evaluate(report([TURN]))).toMatchObject({ met: true, value: 20 });
    expect(rtt?.evaluate(slow)).toMatchObject({ met: false, value: 400, subjects: [TURN] });
    expect(loss?.evaluate(slow)).toMatchObject({ met: false, value: 7 });
    expect(loss?.evaluate(report([STUN]))).toMatchObject({ met: null });
    expect(time?.evaluate(report([TURN]))).toMatchObject({ met: true, value: 50 });
    expect(time?.evaluate(report([TURN], { gatherings: [] }))).toMatchObject({ met: null });
    expect(days?.evaluate(report([TURN]))).toMatchObject({ met: null });
    expect(days?.impossible([TURN])).toContain('no turns: or stuns: URL');
    expect(days?.impossible([TURNS])).toBeUndefined();
  });
});

describe('judging', () => {
  const options = {
    checks: defaultChecks([TURN, STUN]),
    allowances: [],
    failOn: 'error' as const,
  };

  test('by default every TURN URL must carry data and every STUN URL answer', () => {
    expect(judge(report([TURN, STUN]), options)).toMatchObject({ exitCode: 0, verdict: 'ok' });
    const broken = report([TURN, STUN], {
      servers: [server(TURN, { stages: NO_DATA }, 'error'), server(STUN)],
      findings: [finding({ subject: TURN })],
    });
    const judged = judge(broken, options);
    expect(judged).toMatchObject({ exitCode: 1, verdict: 'error', command: 'check' });
    expect(judged.expectations?.[0]).toMatchObject({ met: false, value: false, finding: 'relay.no-data' });
    expect(judged.expectations?.[0]?.text).toContain(TURN);
  });

  test('what was not determined fails with 3', () => {
    const open = report([TURN], { servers: [server(TURN, { stages: NOT_RUN }, 'undetermined')] });
    expect(judge(open, { ...options, checks: defaultChecks([TURN]) })).toMatchObject({
      exitCode: 3,
      verdict: 'undetermined',
    });
  });

  test('--fail-on warning', () => {
    const warned = report([TURN, STUN], { findings: [finding({ id: 'net.high-loss', severity: 'warning' })] });
    expect(judge(warned, options).exitCode).toBe(0);
    expect(judge(warned, { ...options, failOn: 'warning' }).exitCode).toBe(1);
  });

  test('--allow lowers a finding until its day is over, and then says so', () => {
    const allowed = parseAllowance(`relay.no-data@${TURN} until 2026-05-01`, ['relay.no-data']);
    if (!allowed.ok) throw new Error('not parsed');
    const found = (startedAt: string) => report([TURN, STUN], { startedAt, findings: [finding({ subject: TURN })] });
    const today = judge(found('2026-05-01T23:59:59.999Z'), { ...options, allowances: [allowed.value] });
    expect(today).toMatchObject({ exitCode: 0, findings: [{ severity: 'info', params: { severityBefore: 'error' } }] });
    const tomorrow = judge(found('2026-05-02T00:00:00.000Z'), { ...options, allowances: [allowed.value] });
    expect(tomorrow.exitCode).toBe(1);
    expect(tomorrow.notes).toEqual([
      `the allowance "relay.no-data@${TURN} until 2026-05-01" has ended and no longer counts`,
    ]);
    const elsewhere = report([TURN, STUN], { findings: [finding({ subject: 'turn:other' })] });
    expect(judge(elsewhere, { ...options, allowances: [allowed.value] }).exitCode).toBe(1);
  });

  test.each([
    ['relay.nodata', '"relay.nodata" is no finding'],
    ['relay.no-data until soon', '"soon" is no date'],
    ['relay.no-data until 2026-02-30', '"2026-02-30" is no date'],
    ['', 'it is not of the form FINDING[@URL] [until DATE]'],
  ])('the allowance "%s" is refused', (text, message) => {
    expect(parseAllowance(text, ['relay.no-data'])).toMatchObject({ ok: false, error: { message } });
  });

  test('an expectation names the finding of its own server, not another’s', () => {
    const two = report([TURN, TURNS], {
      servers: [server(TURN, { stages: NO_DATA }, 'error'), server(TURNS)],
      findings: [finding({ id: 'tls.expired', subject: TURNS }), finding({ subject: TURN })],
    });
    const [check] = defaultChecks([TURN]);
    expect(check && toExpectation(check, two)).toMatchObject({ finding: 'relay.no-data' });
  });
});

function first<T>(list: readonly T[] | undefined): T {
  const [value] = list ?? [];
  if (value === undefined) throw new Error('empty');
  return value;
}
