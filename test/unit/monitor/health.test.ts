import { describe, expect, it } from 'vitest';
import { durationOf, Health } from '../../../src/monitor/health.ts';
import type { Finding } from '../../../src/record/finding.ts';
import type { Report } from '../../../src/record/report.ts';
import { finding, report } from '../check/report.ts';

const URL_A = 'turn:a.example.org';
const at = (second: number): Date => new Date(Date.UTC(2030, 0, 1, 0, 0, second));

const error = finding({ id: 'net.refused', subject: URL_A, title: 'Nothing listens there', fix: 'start it' });
const other = finding({ id: 'auth.bad-credentials', subject: URL_A, title: 'Refused' });
const warning = finding({ id: 'tls.expires-soon', severity: 'warning', subject: URL_A, title: 'Ends in 3 days' });
const remark = finding({ id: 'net.same-site', severity: 'info', subject: URL_A });

function run(...findings: Finding[]): Report {
  const failed = findings.some(({ severity }) => severity === 'error');
  return report([URL_A], {
    findings,
    verdict: failed ? 'error' : findings.some(({ severity }) => severity === 'warning') ? 'warning' : 'ok',
    exitCode: failed ? 1 : 0,
  });
}

/** What each run in turn told, as `change id`. */
function told(runs: readonly Report[], confirm = 1): string[][] {
  const health = new Health('t');
  return runs.map((each, index) =>
    health
      .note(each, at(index), confirm)
      .map(({ change, finding: about }) => [change, about?.id ?? ''].join(' ').trim()),
  );
}

describe('the health of a target', () => {
  it('tells nothing of a target that is well from the start, and remarks never', () => {
    expect(told([run(remark), run(), run(remark)])).toEqual([[], [], []]);
  });

  it('tells each change once', () => {
    expect(told([run(), run(error), run(error), run(), run()])).toEqual([
      [],
      ['down net.refused', 'new-finding net.refused'],
      [],
      ['recovered', 'gone net.refused'],
      [],
    ]);
  });

  it('tells of one that is down from the start', () => {
    expect(told([run(error), run(error)])[0]).toEqual(['down net.refused', 'new-finding net.refused']);
  });

  it('tells another cause while it stays down', () => {
    expect(told([run(error), run(other)])[1]).toEqual(['new-finding auth.bad-credentials', 'gone net.refused']);
  });

  it('tells warnings of what is up', () => {
    expect(told([run(), run(warning), run(warning), run()])).toEqual([
      [],
      ['new-finding tls.expires-soon'],
      [],
      ['gone tls.expires-soon'],
    ]);
  });

  it('does not take a warning for mended while something worse hides it', () => {
    expect(told([run(warning), run(error), run(warning), run()])).toEqual([
      ['new-finding tls.expires-soon'],
      ['down net.refused', 'new-finding net.refused'],
      ['recovered', 'gone net.refused'],
      ['gone tls.expires-soon'],
    ]);
  });

  it('takes nothing for mended by a run that came to no verdict', () => {
    const open = report([URL_A], { verdict: 'undetermined', exitCode: 3 });
    expect(told([run(error), open, run()])).toEqual([
      ['down net.refused', 'new-finding net.refused'],
      [],
      ['recovered', 'gone net.refused'],
    ]);
    expect(told([run(), open, open, run()])).toEqual([[], ['down'], [], ['recovered']]);
  });

  it('tells a warning again that became an error', () => {
    const worse = { ...warning, severity: 'error' as const };
    expect(told([run(warning), run(worse), run(worse)])).toEqual([
      ['new-finding tls.expires-soon'],
      ['down tls.expires-soon', 'new-finding tls.expires-soon'],
      [],
    ]);
  });

  it('waits until enough runs in a row agree', () => {
    const flaky = [
      run(),
      run(error),
      run(),
      run(error),
      run(),
      run(error),
      run(error),
      run(),
      run(error),
      run(),
      run(),
    ];
    expect(told(flaky, 2)).toEqual([
      [],
      [],
      [],
      [],
      [],
      [],
      ['down net.refused', 'new-finding net.refused'],
      [],
      [],
      [],
      ['recovered', 'gone net.refused'],
    ]);
  });

  it('says in words what happened, and for how long', () => {
    const health = new Health('edge-1');
    health.note(run(), at(0));
    expect(health.state).toBe('up');
    const [down, found] = health.note(run(error), at(30));
    expect(down).toMatchObject({
      at: '2030-01-01T00:00:30.000Z',
      target: 'edge-1',
      change: 'down',
      text: `net.refused ${URL_A}: Nothing listens there`,
    });
    expect(found?.finding).toEqual({
      id: 'net.refused',
      severity: 'error',
      subject: URL_A,
      title: 'Nothing listens there',
      fix: 'start it',
    });
    expect(health.state).toBe('down');
    expect(health.since).toEqual(at(30));
    expect(health.findings).toHaveLength(1);
    expect(health.why).toBe(`net.refused ${URL_A}: Nothing listens there`);
    const [up] = health.note(run(), at(150));
    expect(up).toMatchObject({ change: 'recovered', text: 'after 2 min', downSeconds: 120 });
    expect(health.findings).toEqual([]);
    expect(health.why).toBeUndefined();
  });

  it('names the expectation where no finding explains it', () => {
    const unmet = report([URL_A], {
      verdict: 'error',
      exitCode: 1,
      expectations: [{ text: 'max-rtt 5 ms', met: false, value: 9, because: 'it is 9 ms' }],
    });
    const [change] = new Health('t').note(unmet, at(0));
    expect(change?.text).toBe('not met: max-rtt 5 ms (it is 9 ms)');
  });

  it.each([
    [0, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7199, '119 min'],
    [7200, '2 h 0 min'],
    [3 * 86_400, '3 d 0 h'],
  ])('writes %d seconds as %s', (seconds, words) => {
    expect(durationOf(seconds)).toBe(words);
  });
});
