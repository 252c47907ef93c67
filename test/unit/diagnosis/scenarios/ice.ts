import { Run, turnServer } from '../../../support/events.ts';
import { bothRun, type Scenario, STUN, stunAnswers, TURN, TURN_TCP, turnRun } from './scenario.ts';

/** A gathering that ended, with a host candidate. */
function gathered(run: Run, act: (run: Run) => void = () => undefined, completeMs = 60): Run {
  run.gathering().at(1).candidate('host', '192.168.1.23:51022');
  act(run);
  return run.at(completeMs).complete();
}

function slow(lastMs: number): Run {
  return gathered(
    bothRun(TURN),
    (run) => {
      run.at(12);
      stunAnswers(run).candidate('srflx', '203.0.113.7:41022', { url: STUN });
      run.at(20).attempt(TURN).allocated();
      run.candidate('relay', '203.0.113.99:49161', { url: TURN });
      run.at(lastMs).attempt(TURN, { address: '2001:db8:7::7', localAddress: '2001:db8::23' }).silent('challenge');
    },
    lastMs,
  );
}

export const iceScenarios: readonly Scenario[] = [
  {
    id: 'ice.no-relay',
    raise: () => gathered(turnRun(), (run) => run.attempt(TURN).allocated()),
    near: [
      {
        name: 'it came',
        run: () =>
          gathered(turnRun(), (run) => {
            run.attempt(TURN).allocated();
            run.candidate('relay', '203.0.113.99:49161', { url: TURN });
          }),
      },
      { name: 'another finding explains it', run: () => gathered(turnRun(), (run) => run.attempt(TURN).rejected()) },
      { name: 'gathering goes on', run: () => turnRun().gathering() },
    ],
  },
  {
    id: 'ice.no-srflx',
    raise: () =>
      gathered(bothRun(), (run) => {
        stunAnswers(run);
        run.attempt(TURN).allocated();
        run.candidate('relay', '203.0.113.99:49161', { url: TURN });
      }),
    finding: { severity: 'warning' },
    near: [
      {
        name: 'no NAT: the same as its base',
        run: () =>
          gathered(bothRun(), (run) => {
            stunAnswers(run).omitted('srflx', '192.168.1.23:51022', 'same as its base');
            run.attempt(TURN).allocated();
            run.candidate('relay', '203.0.113.99:49161', { url: TURN });
          }),
      },
      {
        name: 'nobody was asked over UDP',
        run: () =>
          gathered(turnRun(TURN_TCP), (run) => {
            run.attempt(TURN_TCP).pass('connect').allocated();
            run.candidate('relay', '203.0.113.99:49161', { url: TURN_TCP });
          }),
      },
      {
        name: 'the policy allows relays alone',
        run: () =>
          gathered(new Run({ servers: [turnServer(TURN)], policy: 'relay' }), (run) => {
            run.attempt(TURN).allocated();
            run.candidate('relay', '203.0.113.99:49161', { url: TURN });
          }),
      },
    ],
  },
  {
    id: 'ice.slow-gathering',
    raise: () => slow(5020),
    finding: { params: { savedMs: 5000, family: 6, interfaces: ['eth0'] } as never },
    near: [
      { name: 'within two seconds of the slowest good server', run: () => slow(1900) },
      {
        name: 'the good server itself is slow',
        run: () =>
          gathered(
            bothRun(TURN),
            (run) => {
              stunAnswers(run).candidate('srflx', '203.0.113.7:41022', { url: STUN });
              run.at(4000).attempt(TURN).allocated();
              run.candidate('relay', '203.0.113.99:49161', { url: TURN });
            },
            4001,
          ),
      },
    ],
  },
  {
    id: 'ice.host-hidden',
    raise: () => {
      const run = turnRun();
      run.attempt(TURN).allocated();
      run.from('browser').gathering().candidate('host', '4f5a6c2e-1111-4222-8333-444455556666.local:51022');
      run.candidate('relay', '203.0.113.99:49161', { url: TURN });
      return run.candidate('srflx', '203.0.113.7:41022', { url: TURN }).complete();
    },
    near: [
      {
        name: 'addresses are shown',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).allocated();
          run.from('browser').gathering().candidate('host', '192.168.1.23:51022');
          run.candidate('relay', '203.0.113.99:49161', { url: TURN });
          return run.candidate('srflx', '203.0.113.7:41022', { url: TURN }).complete();
        },
      },
    ],
  },
  {
    id: 'ice.server-failed',
    raise: () => {
      const run = turnRun(TURN_TCP, TURN);
      run.attempt(TURN_TCP).pass('connect').fail('challenge', 'closed');
      run.attempt(TURN).allocated();
      return run;
    },
    finding: { locus: 'unknown' },
    near: [
      {
        name: 'a finding speaks of it',
        run: () => {
          const run = turnRun(TURN);
          run.attempt(TURN).rejected();
          return run;
        },
      },
      {
        name: 'one address of it works',
        run: () => {
          const run = turnRun(TURN);
          run.attempt(TURN).allocated();
          run.attempt(TURN, { address: '2001:db8:7::7' }).silent('challenge');
          return run;
        },
      },
    ],
  },
];
