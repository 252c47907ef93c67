import type { GivenIceServer } from '../../../../src/record/configuration.ts';
import { Run, STARTED_UNIX, stunServer, turnServer } from '../../../support/events.ts';
import { type Scenario, STUN, TURN, TURNS, TURNS_443, turnRun } from './scenario.ts';

function lint(servers: readonly GivenIceServer[]): Run {
  return new Run({ command: 'lint', servers });
}

export const configScenarios: readonly Scenario[] = [
  {
    id: 'config.url-syntax',
    raise: () => lint([stunServer('stun:stun.example.org?transport=udp')]),
    finding: { confidence: 'certain', locus: 'configuration' },
    near: [{ name: 'a good URL', run: () => lint([stunServer(STUN)]) }],
  },
  {
    id: 'config.missing-credential',
    raise: () => lint([{ urls: [TURN], username: 'alice' }]),
    finding: { title: 'A TURN server without credential' },
    near: [
      { name: 'STUN needs none', run: () => lint([stunServer(STUN)]) },
      { name: 'both given', run: () => lint([turnServer(TURN)]) },
    ],
  },
  {
    id: 'config.relay-policy-without-turn',
    raise: () => new Run({ command: 'lint', servers: [stunServer(STUN)], policy: 'relay' }),
    near: [
      { name: 'with TURN', run: () => new Run({ command: 'lint', servers: [turnServer(TURN)], policy: 'relay' }) },
      { name: 'policy all', run: () => lint([stunServer(STUN)]) },
      {
        name: 'a TURN URL with a mistake in it, which is the better thing to say',
        run: () => new Run({ command: 'lint', servers: [turnServer('turn:')], policy: 'relay' }),
      },
    ],
  },
  {
    id: 'config.credential-expired',
    raise: () => lint([turnServer(TURN, `${STARTED_UNIX - 60}:alice`)]),
    finding: { title: 'The credential expired 60 s ago' },
    near: [
      { name: 'still valid', run: () => lint([turnServer(TURN, `${STARTED_UNIX + 86_400}:alice`)]) },
      { name: 'a user whose name is a number', run: () => lint([turnServer(TURN, '100200300')]) },
      {
        name: 'a server that allocates with it',
        run: () => turnRunWith(`${STARTED_UNIX - 60}:alice`),
      },
    ],
  },
  {
    id: 'config.credential-expired',
    raise: () => lint([turnServer(TURN, `${STARTED_UNIX * 1000 + 5000}:alice`)]),
    finding: { title: 'The expiry in the user name is in milliseconds' },
    near: [],
  },
  {
    id: 'config.credential-expires-soon',
    raise: () => lint([turnServer(TURN, `${STARTED_UNIX + 300}:alice`)]),
    near: [{ name: 'an hour left', run: () => lint([turnServer(TURN, `${STARTED_UNIX + 3600}:alice`)]) }],
  },
  {
    id: 'config.dtls-unsupported',
    raise: () => lint([turnServer('turns:turn.example.org?transport=udp')]),
    near: [{ name: 'TLS over TCP', run: () => lint([turnServer('turns:turn.example.org?transport=tcp')]) }],
  },
  {
    id: 'config.port-restricted',
    raise: () => lint([turnServer('turn:turn.example.org:500')]),
    near: [
      { name: 'port 443', run: () => lint([turnServer('turn:turn.example.org:443')]) },
      { name: 'a STUN server', run: () => lint([stunServer('stun:stun.example.org:500')]) },
    ],
  },
  {
    id: 'config.duplicate',
    raise: () => lint([stunServer(STUN, `${STUN}:3478`)]),
    near: [
      { name: 'another transport', run: () => lint([turnServer([TURN, `${TURN}?transport=tcp`])]) },
      { name: 'another user', run: () => lint([turnServer(TURN, 'alice'), turnServer(TURN, 'bob')]) },
    ],
  },
  {
    id: 'config.too-many',
    raise: () =>
      lint([stunServer('stun:a.example', 'stun:b.example', 'stun:c.example', 'stun:d.example', 'stun:e.example')]),
    near: [
      {
        name: 'four',
        run: () => lint([stunServer('stun:a.example', 'stun:b.example', 'stun:c.example', 'stun:d.example')]),
      },
      {
        name: 'five ways to one server and its STUN',
        run: () =>
          lint([
            stunServer('stun:a.example'),
            turnServer([TURN, `${TURN}?transport=tcp`, TURNS, TURNS_443, `${TURN}:80`]),
          ]),
      },
    ],
  },
  {
    id: 'config.dead-public-server',
    raise: () => lint([stunServer('stun:numb.viagenie.ca')]),
    near: [
      { name: 'a server that nobody declared dead', run: () => lint([stunServer('stun:viagenie.ca')]) },
      {
        name: 'risen from the dead',
        run: () => {
          const run = new Run({ servers: [stunServer('stun:numb.viagenie.ca')] });
          run.attempt('stun:numb.viagenie.ca').pass('binding');
          return run;
        },
      },
    ],
  },
  {
    id: 'config.form',
    raise: () =>
      new Run({
        command: 'lint',
        servers: [stunServer(STUN)],
        problems: [
          { code: 'url-for-urls', line: 3, column: 5, message: '"url" is an old name of "urls"', hint: 'write urls' },
        ],
      }),
    finding: { subject: 'line 3, column 5' },
    near: [{ name: 'nothing remarked', run: () => lint([stunServer(STUN)]) }],
  },
  {
    id: 'config.tls-needs-name',
    raise: () => lint([turnServer('turns:198.51.100.7')]),
    finding: { severity: 'info' },
    near: [
      { name: 'a name', run: () => lint([turnServer(TURNS)]) },
      { name: 'no TLS', run: () => lint([turnServer('turn:198.51.100.7')]) },
      { name: 'a certificate that has the address', run: () => withCertificate(['198.51.100.7']) },
    ],
  },
  {
    id: 'config.tls-needs-name',
    raise: () => withCertificate(['turn.example.org']),
    finding: { severity: 'warning' },
    near: [],
  },
  {
    id: 'config.no-tls-443',
    raise: () => lint([turnServer([TURN, TURNS])]),
    near: [
      { name: 'TLS on 443', run: () => lint([turnServer([TURN, TURNS_443])]) },
      { name: 'STUN alone', run: () => lint([stunServer(STUN)]) },
      { name: 'a server on this machine', run: () => lint([turnServer('turn:127.0.0.1')]) },
    ],
  },
];

function turnRunWith(username: string): Run {
  const run = new Run({ servers: [turnServer(TURN, username)] });
  run.attempt(TURN).allocated();
  return run;
}

function withCertificate(names: readonly string[]): Run {
  const url = 'turns:198.51.100.7';
  const run = turnRun(url);
  const attempt = run.attempt(url);
  attempt.handshake({ names, validDays: 60 }).pass('connect').pass('tls').allocated();
  return run;
}
