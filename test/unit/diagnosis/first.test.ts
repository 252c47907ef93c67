import { describe, expect, it } from 'vitest';
import { undeterminedParts } from '../../../src/record/verdict.ts';
import { Run, STARTED_UNIX, stunServer, turnServer } from '../../support/events.ts';

const STUN = 'stun:stun.example.org';
const TURN = 'turn:turn.example.org';

describe('dns.not-found', () => {
  it('is raised by an answer "no such name"', () => {
    const run = new Run({ servers: [stunServer(STUN)] })
      .gathering()
      .unresolved(STUN, 'not-found', 'ENOTFOUND')
      .complete();
    expect(run.findings()).toEqual(['dns.not-found']);
    const finding = run.finding('dns.not-found');
    expect(finding).toMatchObject({ subject: STUN, confidence: 'certain', consequences: ['ice.no-srflx'] });
    expect(finding.evidence.map((event) => event.type)).toEqual(['resolve', 'stage']);
    expect(run.report()).toMatchObject({ verdict: 'error', exitCode: 1, servers: [{ verdict: 'error' }] });
  });

  it('is not raised by a resolver that is silent', () => {
    const run = new Run({ servers: [stunServer(STUN)] }).gathering().unresolved(STUN, 'timeout').complete();
    expect(run.findings()).not.toContain('dns.not-found');
  });
});

describe('net.refused', () => {
  it('names the port that nothing listens on', () => {
    const run = new Run({ servers: [stunServer(STUN)] }).gathering();
    run.attempt(STUN).fail('binding', 'refused', {}, 1);
    expect(run.complete().findings()).toEqual(['net.refused']);
    expect(run.finding('net.refused').params).toMatchObject({ endpoint: '198.51.100.7:3478', transport: 'UDP' });
  });

  it('is one finding for two URLs that lead to the same port', () => {
    const run = new Run({ servers: [stunServer(STUN), turnServer(TURN)] }).gathering();
    run.attempt(STUN).fail('binding', 'refused');
    run.attempt(TURN).fail('challenge', 'refused');
    expect(
      run
        .complete()
        .findings()
        .filter((id) => id === 'net.refused'),
    ).toHaveLength(1);
    expect(run.finding('net.refused').params['urls']).toEqual([STUN, TURN]);
  });

  it('is not raised where another of our addresses gets through', () => {
    const run = new Run({ servers: [stunServer(STUN)] }).gathering();
    run.attempt(STUN, { interface: 'docker0', localAddress: '172.17.0.1' }).fail('binding', 'refused');
    run.attempt(STUN).pass('binding');
    run.candidate('srflx', '203.0.113.7:41022', { url: STUN });
    expect(run.complete().findings()).toEqual([]);
  });
});

describe('net.server-silent', () => {
  it('is likely where a control answers and the whole schedule went by', () => {
    const run = new Run({ servers: [stunServer(STUN), turnServer(TURN)] }).gathering();
    run.attempt(STUN, { address: '198.51.100.9' }).pass('binding');
    run.candidate('srflx', '203.0.113.7:41022', { url: STUN });
    run.at(5000).attempt(TURN).silent('challenge');
    expect(run.complete().findings()).toEqual(['net.server-silent', 'config.no-tls-443']);
    expect(run.finding('net.server-silent')).toMatchObject({
      confidence: 'likely',
      locus: 'server',
      consequences: ['ice.no-relay', 'ice.slow-gathering'],
    });
  });

  it.each([
    ['without a control', 4],
    ['after a single request', 1],
  ])('is possible %s', (_why, requests) => {
    const run = new Run({ servers: [stunServer(STUN)] }).gathering();
    run.attempt(STUN).silent('binding', requests);
    expect(run.complete().finding('net.server-silent')).toMatchObject({ confidence: 'possible', locus: 'unknown' });
    expect(run.report()).toMatchObject({ verdict: 'error', exitCode: 1 });
  });

  it('is not raised where the server answered before it fell silent', () => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    run.attempt(TURN).pass('challenge').silent('allocate');
    expect(run.complete().findings()).not.toContain('net.server-silent');
  });

  it('is not raised for a silence that the deadline cut off', () => {
    const run = new Run({ servers: [stunServer(STUN)] }).gathering();
    run.attempt(STUN).fail('binding', 'not-run');
    expect(run.complete().findings()).not.toContain('net.server-silent');
    expect(run.report()).toMatchObject({ verdict: 'undetermined', exitCode: 3 });
  });
});

describe('auth.bad-credentials', () => {
  it('is raised by a 401 to an authenticated request', () => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    run.attempt(TURN).rejected();
    expect(run.complete().findings()).toEqual(['auth.bad-credentials', 'config.no-tls-443']);
    expect(run.finding('auth.bad-credentials')).toMatchObject({
      confidence: 'certain',
      consequences: ['ice.no-relay', 'ice.no-srflx'],
      params: { username: 'alice', realm: 'example.org', errorCode: 401 },
    });
  });

  it("takes the 400 of pion's servers for the same, less surely", () => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    run.attempt(TURN).rejected(400);
    expect(run.complete().finding('auth.bad-credentials').confidence).toBe('likely');
  });

  it('is not raised by the challenge', () => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    run.attempt(TURN).fail('challenge', 'stun-error', { errorCode: 401, authenticated: false });
    expect(run.complete().findings()).not.toContain('auth.bad-credentials');
  });
});

describe('auth.expired', () => {
  const past = `${STARTED_UNIX - 7200}:alice`;

  it('takes the place of bad credentials where the time in the user name is past', () => {
    const run = new Run({ servers: [turnServer(TURN, past)] }).gathering();
    run.attempt(TURN).rejected();
    expect(run.complete().findings()).toEqual(['auth.expired', 'config.no-tls-443']);
    expect(run.finding('auth.expired')).toMatchObject({ confidence: 'likely', params: { ago: '2 h' } });
    expect(run.finding('auth.expired').consequences).toContain('config.credential-expired');
  });

  it("is certain where the server's own clock agrees", () => {
    const run = new Run({ servers: [turnServer(TURN, past)] }).gathering();
    run.attempt(TURN).rejected(401, { serverTime: STARTED_UNIX });
    expect(run.complete().finding('auth.expired').confidence).toBe('certain');
  });

  it.each([
    ['a time still to come', `${STARTED_UNIX + 7200}:alice`],
    ['a user whose name is a short number', '4711'],
  ])('is not raised for %s', (_what, username) => {
    const run = new Run({ servers: [turnServer(TURN, username)] }).gathering();
    run.attempt(TURN).rejected();
    expect(run.complete().findings()[0]).toBe('auth.bad-credentials');
  });
});

describe('relay.not-turn', () => {
  it.each([400, 403, 420])('is raised by a %i to the first Allocate', (errorCode) => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    run.attempt(TURN).fail('challenge', 'stun-error', { errorCode, reason: 'Bad Request' });
    expect(run.complete().findings()).toEqual(['ice.no-srflx', 'relay.not-turn', 'config.no-tls-443']);
    expect(run.finding('relay.not-turn').consequences).toEqual(['ice.no-relay']);
  });

  it('is raised by silence to Allocate where a Binding was answered', () => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    run.attempt(TURN).pass('binding').silent('challenge');
    expect(run.complete().findings()).toContain('relay.not-turn');
  });

  it('is not raised by silence alone', () => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    run.attempt(TURN).silent('challenge');
    expect(run.complete().findings()).not.toContain('relay.not-turn');
  });

  it('is not raised by a 400 to an authenticated Allocate', () => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    run.attempt(TURN).rejected(400);
    expect(run.complete().findings()).not.toContain('relay.not-turn');
  });
});

describe('ice.no-srflx and ice.no-relay', () => {
  it('stand alone where nothing explains them', () => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    run.attempt(TURN).allocated();
    expect(run.complete().findings()).toEqual(['ice.no-relay', 'ice.no-srflx', 'config.no-tls-443']);
  });

  it('miss no server-reflexive candidate where there is no NAT', () => {
    const run = new Run({ servers: [stunServer(STUN)] }).gathering();
    run.attempt(STUN).pass('binding');
    run.omitted('srflx', '192.168.1.23:51022', 'redundant with its base');
    expect(run.complete().findings()).toEqual([]);
    expect(run.report()).toMatchObject({ verdict: 'ok', exitCode: 0 });
  });

  it('wait for the end of gathering', () => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    expect(run.findings()).toEqual(['config.no-tls-443']);
  });
});

describe('a server that worked and failed when it was asked again', () => {
  it('is not determined where no rule knows why', () => {
    const run = new Run({ servers: [turnServer(TURN)] }).gathering();
    run.attempt(TURN).allocated();
    run.candidate('srflx', '203.0.113.7:41022', { url: TURN }).candidate('relay', '203.0.113.99:49161', { url: TURN });
    run.complete();
    run.attempt(TURN).fail('challenge', 'stun-error', { errorCode: 500, reason: 'Server Error' });
    const report = run.report();
    expect(report).toMatchObject({ verdict: 'undetermined', exitCode: 3, servers: [{ verdict: 'undetermined' }] });
    expect(undeterminedParts(report)).toMatchObject([{ subject: TURN, because: 'challenge: 500 Server Error' }]);
  });
});

describe('a limit on what a relay lets through', () => {
  // The first `leading` of 20 packets arrive, and `received` in all; later the server answers again.
  const limited = (leading: number, received: number): Run => {
    const run = new Run({ command: 'probe', servers: [turnServer(TURN)] });
    const attempt = run.attempt(TURN).allocated().pass('permission');
    const burst = { type: 'relay-data', attempt: attempt.key.id, sent: 20, roundTripsMs: [], size: 172 } as const;
    run.record({ ...burst, direction: 'peer-first', received: 20, leading: 20 });
    run.record({ ...burst, direction: 'relay-to-peer', received, leading });
    attempt.pass('relay-data').fail('refresh', 'timeout', { requestsSent: 5 });
    run.at(900).record({
      type: 'stun-received',
      transport: attempt.transport,
      class: 'success',
      method: 'Refresh',
      transactionId: '00',
      attempt: 1,
      attributes: {},
      length: 20,
      from: '198.51.100.7:3478',
    } as never);
    return run;
  };

  it('is seen by a burst of which the first came through alone, and is why a Refresh had no answer', () => {
    const run = limited(5, 6);
    expect(run.findings()).toEqual(['net.rate-limited', 'config.no-tls-443']);
    expect(run.finding('net.rate-limited')).toMatchObject({
      confidence: 'possible',
      consequences: ['net.high-loss'],
      detail: 'of 20 packets 6 came through, nearly all of them the first, and later ones again',
    });
  });

  it.each([
    ['lost anywhere', 5, 15],
    ['lost from the first on', 1, 6],
  ])('is not seen where packets are %s', (_where, leading, received) => {
    expect(limited(leading, received).findings()).not.toContain('net.rate-limited');
  });
});

describe('a relay that passes nothing, over one of two ways', () => {
  it('is not surely dead: the other allocation has another port', () => {
    const run = new Run({ command: 'probe', servers: [turnServer([TURN, `${TURN}?transport=tcp`])] });
    for (const [url, port, received] of [
      [TURN, 49_161, 20],
      [`${TURN}?transport=tcp`, 49_162, 0],
    ] as const) {
      const attempt = run.attempt(url).allocated(`203.0.113.99:${port}`).pass('permission');
      attempt.burst('peer-first', 20, received).burst('relay-to-peer', 20, 20).burst('peer-after-relay', 20, received);
      const relay = { witness: 'second-socket', control: 'pass' } as const;
      if (received > 0) attempt.pass('relay-data', { relay });
      else attempt.fail('relay-data', 'timeout', { relay });
    }
    expect(run.finding('relay.no-data').confidence).toBe('possible');
  });
});
