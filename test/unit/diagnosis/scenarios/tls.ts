import type { Run } from '../../../support/events.ts';
import { type Scenario, TURN, TURN_TCP, TURNS, TURNS_443, turnRun } from './scenario.ts';

const STUN_443 = 'stun:turn.example.org:443?transport=tcp';

function refused(
  code:
    | 'expired'
    | 'not-yet-valid'
    | 'name-mismatch'
    | 'untrusted'
    | 'self-signed'
    | 'chain-incomplete'
    | 'old-version',
): Run {
  const run = turnRun(TURNS);
  run.attempt(TURNS).refusedCertificate(code, {
    ...(code === 'expired' ? { validDays: -3 } : {}),
    ...(code === 'old-version' ? { protocol: 'TLSv1.1' } : {}),
  });
  return run;
}

function good(validDays = 60): Run {
  const run = turnRun(TURNS);
  run.attempt(TURNS).handshake({ validDays }).pass('connect').pass('tls').allocated();
  return run;
}

const GOOD = { name: 'a good certificate', run: () => good() };

export const tlsScenarios: readonly Scenario[] = [
  {
    id: 'tls.no-listener',
    raise: () => {
      const run = turnRun(TURN, TURNS);
      run.attempt(TURN).allocated();
      run.attempt(TURNS).fail('connect', 'refused');
      return run;
    },
    finding: { locus: 'server' },
    near: [
      {
        name: 'the plain port is closed as well',
        run: () => {
          const run = turnRun(TURN, TURNS);
          run.attempt(TURN).silent('challenge');
          run.attempt(TURNS).fail('connect', 'refused');
          return run;
        },
      },
    ],
  },
  {
    id: 'tls.expired',
    raise: () => refused('expired'),
    finding: { confidence: 'certain' },
    near: [GOOD, { name: 'another fault', run: () => refused('name-mismatch') }],
  },
  { id: 'tls.not-yet-valid', raise: () => refused('not-yet-valid'), near: [GOOD] },
  { id: 'tls.name-mismatch', raise: () => refused('name-mismatch'), near: [GOOD] },
  {
    id: 'tls.chain-incomplete',
    raise: () => refused('chain-incomplete'),
    near: [GOOD, { name: 'an unknown issuer', run: () => refused('untrusted') }],
  },
  {
    id: 'tls.untrusted',
    raise: () => refused('untrusted'),
    near: [GOOD, { name: 'a missing intermediate', run: () => refused('chain-incomplete') }],
  },
  {
    id: 'tls.untrusted',
    raise: () => refused('self-signed'),
    finding: { title: 'The certificate of turn.example.org is signed by itself' },
    near: [],
  },
  { id: 'tls.old-version', raise: () => refused('old-version'), near: [GOOD] },
  {
    id: 'tls.old-version',
    raise: () => {
      const run = turnRun(TURNS);
      const problems = [{ code: 'old-version' as const, detail: 'the server speaks nothing newer than TLSv1.1' }];
      run
        .attempt(TURNS)
        .handshake({ problems, protocol: 'TLSv1.1' })
        .pass('connect')
        .stage('tls', 'warn', 'old')
        .allocated();
      return run;
    },
    finding: { severity: 'warning' },
    near: [],
  },
  {
    id: 'tls.expires-soon',
    raise: () => good(5),
    near: [GOOD, { name: 'expired already', run: () => refused('expired') }],
  },
  {
    id: 'tls.plain-on-tls-port',
    raise: () => {
      const run = turnRun('turns:turn.example.org:3478');
      run
        .attempt('turns:turn.example.org:3478')
        .pass('connect')
        .fail('tls', 'tls', { problem: 'handshake-failed: EPROTO: wrong version number' });
      run.attempt(TURN_TCP).asControl('does the port speak STUN without TLS?').pass('connect').pass('challenge');
      return run;
    },
    finding: { confidence: 'certain' },
    near: [
      {
        // coturn takes plain STUN on its TLS port, and a handshake may fail once on a busy machine.
        name: 'a certificate was seen there in another attempt',
        run: () => {
          const run = turnRun('turns:turn.example.org:3478');
          run
            .attempt('turns:turn.example.org:3478')
            .pass('connect')
            .fail('tls', 'tls', { problem: 'handshake-failed: ECONNRESET: reset' });
          run.attempt('turns:turn.example.org:3478').refusedCertificate('expired', { validDays: -3 });
          run.attempt(TURN_TCP).asControl('does the port speak STUN without TLS?').pass('connect').pass('challenge');
          return run;
        },
      },
      {
        name: 'nobody tried without TLS',
        run: () => {
          const run = turnRun(TURNS);
          run
            .attempt(TURNS)
            .pass('connect')
            .fail('tls', 'tls', { problem: 'handshake-failed: EPROTO: wrong version number' });
          return run;
        },
      },
    ],
  },
  {
    id: 'tls.tls-on-plain-port',
    raise: () => {
      const run = turnRun('turn:turn.example.org:5349?transport=tcp');
      run
        .attempt('turn:turn.example.org:5349?transport=tcp')
        .pass('connect')
        .fail('challenge', 'not-stun', { firstBytes: '15030300020246' });
      return run;
    },
    finding: { confidence: 'likely' },
    near: [
      {
        name: 'HTTP',
        run: () => {
          const run = turnRun(TURN_TCP);
          run.attempt(TURN_TCP).pass('connect').fail('challenge', 'not-stun', { firstBytes: '485454502f312e31' });
          return run;
        },
      },
    ],
  },
  {
    id: 'tls.tls-on-plain-port',
    raise: () => {
      const run = turnRun('turn:turn.example.org:443?transport=tcp', TURNS_443);
      run.attempt('turn:turn.example.org:443?transport=tcp').pass('connect').fail('challenge', 'closed');
      run.attempt(TURNS_443).handshake().pass('connect').pass('tls').allocated();
      run
        .attempt(STUN_443, { port: 443, transport: 'tcp' })
        .asControl('plain STUN?')
        .pass('connect')
        .fail('binding', 'closed');
      return run;
    },
    finding: { confidence: 'certain' },
    near: [
      {
        // coturn with a certificate speaks both on one port; with --stun-only it hangs up on TURN.
        name: 'plain STUN is answered beside TLS',
        run: () => {
          const run = turnRun('turn:turn.example.org:443?transport=tcp', TURNS_443);
          run.attempt('turn:turn.example.org:443?transport=tcp').pass('connect').fail('challenge', 'reset');
          run.attempt(TURNS_443).handshake().pass('connect').pass('tls').fail('challenge', 'reset');
          run
            .attempt(STUN_443, { port: 443, transport: 'tcp' })
            .asControl('plain STUN?')
            .pass('connect')
            .pass('binding');
          return run;
        },
      },
    ],
  },
  {
    id: 'tls.tls-on-plain-port',
    raise: () => {
      const run = turnRun('turn:turn.example.org:443?transport=tcp', TURNS_443);
      run.attempt('turn:turn.example.org:443?transport=tcp').pass('connect').fail('challenge', 'closed');
      run.attempt(TURNS_443).handshake().pass('connect').pass('tls').allocated();
      return run;
    },
    finding: { confidence: 'likely' },
    near: [],
  },
  {
    id: 'tls.handshake-failed',
    raise: () => {
      const run = turnRun(TURNS);
      run
        .attempt(TURNS)
        .pass('connect')
        .fail('tls', 'tls', { problem: 'handshake-failed: ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: no common cipher' });
      return run;
    },
    near: [GOOD, { name: 'a certificate to judge', run: () => refused('expired') }],
  },
  {
    id: 'tls.intercepted',
    raise: () => good(),
    options: { pins: { 'turn.example.org': ['11:22:33'] } },
    near: [
      {
        name: 'the expected one',
        run: () => good(),
        options: { pins: { 'turn.example.org': ['AA:BB:CC:DD:EE:FF:00:11'] } },
      },
      { name: 'nothing to compare with', run: () => good() },
    ],
  },
];
