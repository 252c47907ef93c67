import { Run, STARTED_UNIX, turnServer } from '../../../support/events.ts';
import { type Scenario, TURN, turnRun, withInterfaces } from './scenario.ts';

const PAST = `${STARTED_UNIX - 7200}:alice`;
const FUTURE = `${STARTED_UNIX + 7200}:alice`;

function rejected(username = 'alice', errorCode = 401, data = {}): Run {
  const run = withInterfaces(new Run({ command: 'probe', servers: [turnServer(TURN, username)] }));
  run.attempt(TURN).rejected(errorCode, data);
  return run;
}

/** A nonce as coturn's from 4.17 on: eight hex digits of the time, then more. */
function nonceOf(seconds: number): string {
  return `${seconds.toString(16).padStart(8, '0')}9c1f`;
}

function withNonce(nonce: string, username = FUTURE): Run {
  const run = withInterfaces(new Run({ command: 'probe', servers: [turnServer(TURN, username)] }));
  run.attempt(TURN).pass('challenge', { realm: 'example.org', nonce }).pass('allocate', { authenticated: true });
  return run;
}

export const authScenarios: readonly Scenario[] = [
  {
    id: 'auth.bad-credentials',
    raise: () => rejected(),
    finding: { confidence: 'certain', locus: 'configuration' },
    near: [
      {
        name: 'the challenge is a 401 too',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).allocated();
          return run;
        },
      },
      { name: 'a 403 after authentication', run: () => rejected('alice', 403) },
      { name: 'an expired credential', run: () => rejected(PAST) },
    ],
  },
  {
    id: 'auth.bad-credentials',
    raise: () => rejected('alice', 400),
    finding: { confidence: 'likely' },
    near: [],
  },
  {
    id: 'auth.expired',
    raise: () => rejected(PAST),
    finding: { confidence: 'likely', consequences: ['config.credential-expired'] },
    near: [
      { name: 'its time has not come', run: () => rejected(FUTURE) },
      { name: 'no time in the user name', run: () => rejected('alice') },
    ],
  },
  {
    id: 'auth.expired',
    raise: () => rejected(PAST, 401, { nonce: nonceOf(STARTED_UNIX - 2) }),
    finding: { confidence: 'certain' },
    near: [],
  },
  {
    id: 'auth.wrong-mechanism',
    raise: () => rejected(`alice:${STARTED_UNIX + 7200}`),
    finding: { confidence: 'possible' },
    near: [
      { name: 'the right order', run: () => rejected(FUTURE) },
      {
        name: 'a server that takes it',
        run: () => {
          const run = withInterfaces(
            new Run({ command: 'probe', servers: [turnServer(TURN, `alice:${STARTED_UNIX + 7200}`)] }),
          );
          run.attempt(TURN).allocated();
          return run;
        },
      },
    ],
  },
  {
    id: 'auth.empty-realm',
    raise: () => {
      const run = turnRun();
      run.attempt(TURN).pass('challenge', { realm: '', errorCode: 401 }).pass('allocate', { authenticated: true });
      return run;
    },
    finding: { title: 'The server sends an empty realm' },
    near: [
      {
        name: 'a realm',
        run: () => {
          const run = turnRun();
          run
            .attempt(TURN)
            .pass('challenge', { realm: 'example.org', errorCode: 401 })
            .pass('allocate', { authenticated: true });
          return run;
        },
      },
    ],
  },
  {
    id: 'auth.empty-realm',
    raise: () => {
      const run = turnRun();
      run
        .attempt(TURN)
        .fail('allocate', 'stun-error', { errorCode: 401, refusal: 'missing-realm', authenticated: false });
      return run;
    },
    finding: { title: 'The server sends no realm' },
    near: [],
  },
  {
    id: 'auth.nonce-loop',
    raise: () => {
      const run = turnRun();
      run.attempt(TURN).pass('challenge', { realm: 'example.org' }).fail('allocate', 'stun-error', {
        errorCode: 438,
        reason: 'Stale Nonce',
        refusal: 'nonce-loop',
        staleNonces: 3,
        authenticated: true,
      });
      return run;
    },
    near: [
      {
        name: 'a single stale nonce on the way to success',
        run: () => {
          const run = turnRun();
          run
            .attempt(TURN)
            .pass('challenge', { realm: 'example.org' })
            .pass('allocate', { staleNonces: 1, authenticated: true });
          return run;
        },
      },
    ],
  },
  {
    id: 'auth.bad-response-integrity',
    raise: () => {
      const run = turnRun();
      run
        .attempt(TURN)
        .pass('challenge', { realm: 'example.org' })
        .fail('allocate', 'bad-integrity', { problem: 'MESSAGE-INTEGRITY of the answer is missing' });
      return run;
    },
    near: [{ name: 'rejected', run: () => rejected() }],
  },
  {
    id: 'auth.open-relay',
    raise: () => openRelay('198.51.100.7', true),
    near: [
      { name: 'data does not cross', run: () => openRelay('198.51.100.7', false) },
      { name: 'a server on loopback', run: () => openRelay('127.0.0.1', true) },
      {
        name: 'with credentials',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).allocated().pass('relay-data');
          return run;
        },
      },
    ],
  },
  {
    id: 'auth.clock-skew',
    raise: () => withNonce(nonceOf(STARTED_UNIX - 1800)),
    finding: { confidence: 'possible', params: { skewSeconds: -1800 } as never },
    near: [
      { name: 'two clocks that agree', run: () => withNonce(nonceOf(STARTED_UNIX - 5)) },
      { name: 'a nonce that is no time', run: () => withNonce('ffffffff01') },
      { name: 'a nonce that is no hex', run: () => withNonce('obMatJos2AAAB') },
      { name: 'credentials without an expiry', run: () => withNonce(nonceOf(STARTED_UNIX - 1800), 'alice') },
    ],
  },
];

function openRelay(address: string, crosses: boolean): Run {
  const run = turnRun();
  const attempt = run.attempt(TURN, { address });
  attempt.pass('allocate', { relayedAddress: '203.0.113.99:49161', authenticated: false });
  if (crosses) attempt.pass('relay-data');
  else attempt.fail('relay-data', 'timeout');
  return run;
}
