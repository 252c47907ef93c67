import { describe, expect, it } from 'vitest';
import { browserOutcome, terminalOutcome } from '../../../src/diagnosis/outcome.ts';
import type { EventBody } from '../../../src/record/events.ts';
import { candidateOf, Run, STARTED_UNIX, stunServer, turnServer } from '../../support/events.ts';

const STUN = 'stun:stun.example.org';
const TURN = 'turn:turn.example.org';
const TURNS = 'turns:turn.example.org:443?transport=tcp';
const RELAY = '203.0.113.99:49161';

/** What a browser tells, in the run of a terminal. */
class Browser {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  state(state: 'new' | 'gathering' | 'complete', url: string | null = null): this {
    return this.#record({ type: 'gathering-state', url, state });
  }

  relay(url: string, alone: string | null = url): this {
    return this.#record({ type: 'candidate', gathering: alone, candidate: candidateOf('relay', RELAY, { url }) });
  }

  error(url: string, errorCode: number, errorText = '', alone: string | null = url): this {
    const rest = { address: null, port: null, family: null };
    return this.#record({ type: 'candidate-error', gathering: alone, url, errorCode, errorText, ...rest });
  }

  /** Gathered for by itself, to the end. */
  alone(url: string, between: () => void): this {
    this.state('new', url).state('gathering', url);
    between();
    return this.state('complete', url);
  }

  #record(body: EventBody): this {
    this.#run.record({ ...body, vantage: 'browser' } as EventBody);
    return this;
  }
}

function runOf(url: string, username?: string): { readonly run: Run; readonly browser: Browser } {
  const run = new Run({ servers: [url.startsWith('turn') ? turnServer(url, username) : stunServer(url)] }).gathering();
  return { run, browser: new Browser(run) };
}

describe('ice.vantages-differ', () => {
  it('is raised where only the terminal trusts the certificate', () => {
    const { run, browser } = runOf(TURNS);
    run.attempt(TURNS).pass('connect').pass('tls').allocated();
    run.candidate('relay', RELAY, { url: TURNS }).complete();
    browser.alone(TURNS, () => browser.error(TURNS, 701, 'Failed to establish connection'));
    const finding = run.finding('ice.vantages-differ');
    expect(finding).toMatchObject({ severity: 'warning', locus: 'client', confidence: 'likely', subject: TURNS });
    expect(finding.params).toMatchObject({ works: 'terminal', fails: 'browser', errorCode: 701, reason: 'trustStore' });
    expect(finding.detail).toContain('list of certificate authorities');
    expect(finding.evidence.some((event) => event.type === 'candidate-error')).toBe(true);
  });

  it('names the port that Chromium refuses in silence', () => {
    const url = 'turn:turn.example.org:349';
    const { run, browser } = runOf(url);
    run.attempt(url).allocated();
    run.candidate('relay', RELAY, { url }).complete();
    browser.alone(url, () => {});
    expect(run.finding('ice.vantages-differ').params).toMatchObject({ fails: 'browser', reason: 'portList' });
  });

  it('says that it does not know where nothing points anywhere', () => {
    const { run, browser } = runOf(TURN);
    run.attempt(TURN).silent('challenge');
    run.error(TURN, 701, 'timeout').complete();
    browser.alone(TURN, () => browser.relay(TURN));
    expect(run.finding('ice.vantages-differ')).toMatchObject({
      locus: 'unknown',
      params: { works: 'browser', fails: 'terminal', reason: 'unknownReason' },
    });
  });

  it('is not raised where both fail, both work, or one has no result yet', () => {
    const both = runOf(TURN);
    both.run.attempt(TURN).silent('challenge');
    both.run.complete();
    both.browser.alone(TURN, () => both.browser.error(TURN, 701));
    expect(both.run.findings()).not.toContain('ice.vantages-differ');

    const good = runOf(TURN);
    good.run.attempt(TURN).allocated();
    good.run.candidate('relay', RELAY, { url: TURN }).complete();
    // Of two address families one fails: the other one is enough.
    good.browser.alone(TURN, () => good.browser.error(TURN, 701).relay(TURN));
    expect(good.run.findings()).not.toContain('ice.vantages-differ');

    const open = runOf(TURN);
    open.run.attempt(TURN).allocated();
    open.run.candidate('relay', RELAY, { url: TURN }).complete();
    open.browser.state('new', TURN).state('gathering', TURN).error(TURN, 701);
    expect(open.run.findings()).not.toContain('ice.vantages-differ');
  });
});

describe('what a browser alone shows', () => {
  /** Beside what the configuration shows by itself. */
  const seen = (run: Run): string[] => run.findings().filter((id) => !id.startsWith('config.'));

  const browserRun = (url: string, username?: string) => {
    const run = new Run({ servers: [turnServer(url, username)] });
    return { run, browser: new Browser(run) };
  };

  it('401: the credentials are rejected', () => {
    const { run, browser } = browserRun(TURN);
    browser.state('new').state('gathering').error(TURN, 401, 'Unauthorized.', null).state('complete');
    expect(seen(run)).toEqual(['auth.bad-credentials']);
    expect(run.finding('auth.bad-credentials')).toMatchObject({ confidence: 'likely', params: { username: 'alice' } });
  });

  it('401 with a REST user name whose time is past: expired', () => {
    const { run, browser } = browserRun(TURN, `${STARTED_UNIX - 3600}:alice`);
    browser.alone(TURN, () => browser.error(TURN, 401, 'Unauthorized.'));
    expect(run.findings()[0]).toBe('auth.expired');
  });

  it('701 and no relay: that none came, and no more', () => {
    const { run, browser } = browserRun(TURN);
    browser.state('new').state('gathering').error(TURN, 701, 'timed out', null).state('complete');
    expect(seen(run)).toEqual(['ice.no-relay']);
    expect(run.finding('ice.no-relay').params).toMatchObject({ vantage: 'browser', errors: ['701 timed out'] });
  });

  it('a relay in spite of a 701: nothing', () => {
    const { run, browser } = browserRun(TURN);
    browser.state('new').state('gathering').error(TURN, 701, '', null).relay(TURN, null).state('complete');
    expect(seen(run)).toEqual([]);
  });
});

describe('the outcome of a URL', () => {
  it('in the browser counts from when its own connection began', () => {
    const { run, browser } = runOf(TURN);
    run.at(100);
    browser.state('new', TURN).state('gathering', TURN);
    run.at(130);
    browser.relay(TURN);
    expect(browserOutcome(run.report(), TURN)).toEqual({ word: 'works', ms: 30, code: null, text: '' });
  });

  it('of a STUN server that told nothing new is no failure', () => {
    const { run, browser } = runOf(STUN);
    browser.alone(STUN, () => {});
    expect(browserOutcome(run.report(), STUN).word).toBe('silent-ok');
    expect(terminalOutcome(run.report(), STUN).word).toBe('untried');
  });

  it('in the terminal is the answer rather than the silence beside it', () => {
    const { run } = runOf(TURN);
    run.attempt(TURN, { family: 6, address: '2001:db8::7' }).silent('challenge');
    run.attempt(TURN).rejected();
    run.complete();
    expect(terminalOutcome(run.report(), TURN)).toMatchObject({ word: 'fails', code: 401 });
  });
});
