import { Run, stunServer, turnServer } from '../../support/events.ts';

const STUN = 'stun:stun.example.org';
export const TURN = 'turn:turn.example.org';
const TURN_TCP = 'turn:turn.example.org?transport=tcp';

/** Home network, STUN and TURN that work, one interface with both families. */
export function healthy(): Run {
  const run = new Run({ servers: [stunServer(STUN), turnServer([TURN, TURN_TCP])] });
  run.interface('eth0', '192.168.1.23').interface('eth0', '2001:db8::23');
  run.gathering().at(1);
  run.candidate('host', '192.168.1.23:51022').candidate('host', '[2001:db8:12:3456:89ab:cdef:1234:5678]:51025');
  run.at(12).candidate('srflx', '203.0.113.7:41022', { url: STUN });
  run.attempt(STUN).pass('binding', { mappedAddress: '203.0.113.7:41022' });
  run
    .at(48)
    .candidate('relay', '203.0.113.99:49161', { url: TURN, relatedAddress: '203.0.113.7', relatedPort: 41_022 });
  run.attempt(TURN).allocated();
  run.at(61).candidate('relay', '203.0.113.99:49162', {
    url: TURN_TCP,
    relayProtocol: 'tcp',
    relatedAddress: '203.0.113.7',
    relatedPort: 50_321,
  });
  run.attempt(TURN_TCP).pass('connect').allocated('203.0.113.99:49162');
  return run.omitted('srflx', '203.0.113.7:41022', 'same as its base').at(62).complete();
}

export function wrongPassword(): Run {
  const run = new Run({ servers: [stunServer(STUN), turnServer([TURN, TURN_TCP])] });
  run.gathering().at(1).candidate('host', '192.168.1.23:51022');
  run.at(12).candidate('srflx', '203.0.113.7:41022', { url: STUN });
  run.attempt(STUN).pass('binding', { mappedAddress: '203.0.113.7:41022' });
  run.at(31).error(TURN, 401, 'Unauthorized');
  run.attempt(TURN).rejected(401, { software: 'Coturn-4.6.1' });
  run.at(40).error(TURN_TCP, 401, 'Unauthorized');
  run.attempt(TURN_TCP).pass('connect').rejected(401, { software: 'Coturn-4.6.1' });
  return run.at(62).complete();
}

/** The relay ports are behind a stateful firewall; a second server is silent, and TCP was tried to tell why. */
export function inboundBlocked(): Run {
  const run = new Run({ command: 'doctor', servers: [turnServer(TURN), stunServer(STUN)] });
  run.interface('eth0', '192.168.1.23');
  const attempt = run.at(900).attempt(TURN);
  attempt.pass('binding', { mappedAddress: '203.0.113.7:41022', rttMs: 21 }, 21).allocated('203.0.113.99:49161');
  attempt.pass('permission', {}, 20).burst('peer-first', 60, 0).burst('relay-to-peer', 60, 60);
  attempt.burst('peer-after-relay', 60, 60, [20, 21, 20.5, 22]);
  attempt.fail('relay-data', 'timeout', {
    relay: {
      witness: 'second-socket',
      egressAddress: '203.0.113.99',
      control: 'pass',
      ports: [{ port: 49_161, sent: 60, received: 60 }],
    },
  });
  attempt.pass('channel').pass('refresh', { lifetime: 600 }).pass('release');
  run.at(1800).attempt(STUN, { address: '198.51.100.9' }).silent();
  run
    .attempt('stun:stun.example.org:53', { address: '198.51.100.9' })
    .asControl('is only this port silent?')
    .silent('binding', 4, 800);
  return run;
}

/** The deadline came first, behind a NAT that gives each destination another port. */
export function cutOff(): Run {
  const run = new Run({ command: 'doctor', servers: [stunServer(STUN)] });
  run.interface('eth0', '192.168.1.23');
  run.gathering().at(3).candidate('host', '192.168.1.23:51022');
  run
    .at(10_000)
    .attempt(STUN)
    .stage('binding', 'unknown', 'the deadline came first, while waiting for the answer of 198.51.100.7:3478', {
      cause: 'not-run',
    });
  for (const [destination, port] of [
    ['198.51.100.9:3478', 41_022],
    ['198.51.100.10:3478', 41_099],
  ] as const) {
    run.record({
      type: 'nat-test',
      test: 'mapping',
      interface: 'eth0',
      family: 4,
      local: '192.168.1.23:51022',
      destination,
      answerFrom: destination,
      mappedAddress: `203.0.113.7:${port}`,
      tries: 1,
      outcome: 'yes',
      via: 'stun',
    });
  }
  return run.complete();
}
