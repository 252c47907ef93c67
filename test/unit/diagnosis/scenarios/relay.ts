import type { PermissionAsked, RelayProof } from '../../../../src/core/attempt.ts';
import type { WitnessNat } from '../../../../src/core/signaling/witness-message.ts';
import type { Run } from '../../../support/events.ts';
import { type Scenario, TURN, TURN_TCP, turnRun } from './scenario.ts';

const RELAYED = '203.0.113.99:49161';
const PROOF: RelayProof = { witness: 'second-socket', egressAddress: RELAYED, control: 'pass' };

function refused(errorCode: number, reason: string): Run {
  const run = turnRun();
  run
    .attempt(TURN)
    .pass('challenge', { realm: 'example.org' })
    .fail('allocate', 'stun-error', { errorCode, reason, authenticated: true });
  return run;
}

function allocated(relayed = RELAYED, address = '198.51.100.7'): Run {
  const run = turnRun();
  run.attempt(TURN, { address }).allocated(relayed);
  return run;
}

/** How many of twenty cross: peer first, relay to peer, peer after relay. */
function data(first: number, out: number, back: number, proof: Partial<RelayProof> = {}, url = TURN): Run {
  const run = turnRun(url);
  const attempt = run.attempt(url).allocated(RELAYED);
  attempt.burst('peer-first', 20, first).burst('relay-to-peer', 20, out).burst('peer-after-relay', 20, back);
  const good = first > 0 && out > 0 && back > 0;
  attempt.stage('relay-data', good ? 'pass' : proof.doubt === undefined ? 'fail' : 'unknown', 'as measured', {
    relay: { ...PROOF, ...proof },
  });
  return run;
}

/** Beside our own figures what somebody at another place saw of it: of ten, peer first, relay to peer, peer after relay. */
function witnessed(
  own: Run,
  [first, out, after]: readonly [number, number, number],
  { isHeard = true, mapping = 'endpoint-independent', relayedAddress = '203.0.113.99:50007' } = {},
): Run {
  const sent = 10;
  const directions = [
    { direction: 'peer-first', sent, received: first },
    { direction: 'relay-to-peer', sent, received: out },
    ...(out === 0 ? [] : [{ direction: 'peer-after-relay', sent, received: after } as const]),
  ] as const;
  const outside = { relayedAddress, directions, egressAddress: out === 0 ? null : relayedAddress, isHeard };
  const last = own.events.findLast((event) => event.type === 'stage');
  if (last === undefined) throw new Error('nothing to be witness of');
  const { url, attempt, transport } = last;
  const status = first > 0 && out > 0 ? 'pass' : 'fail';
  const stage = { stage: 'witness', status, detail: 'as seen', data: { outside }, durationMs: 0 } as const;
  own.record({ type: 'stage', url, attempt, transport, ...stage });
  const nat = { mapping, filtering: 'not-determined', hairpinning: null, mappedAddress: '192.0.2.77' } as WitnessNat;
  own.record({ type: 'peer', nat, there: NOTHING, back: NOTHING, crossed: null, problem: null });
  return own;
}

const NOTHING = { sent: 0, received: 0 };
const OTHER_RELAY = { relayedAddress: '203.0.113.98:50007' };
const DEAF = { isHeard: false };
const DEAD_PORTS = [50_001, 50_003, 50_005].map((port) => ({ port, sent: 20, received: 0 }));
const HIDDEN = { doubt: 'own-nat' } as const;

function rated(out: number, back: number, offeredKbps: number, deliveredKbps: number): Run {
  const run = turnRun();
  const attempt = run.attempt(TURN).allocated(RELAYED);
  attempt.burst('peer-first', 20, 20).burst('relay-to-peer', 20, out).burst('peer-after-relay', out, back);
  attempt.pass('relay-data', { relay: PROOF }).pass('rate', { rate: { offeredKbps, deliveredKbps } });
  return run;
}

function asked(permission: Partial<PermissionAsked>): Run {
  const run = turnRun();
  run
    .attempt(TURN)
    .allocated()
    .stage('permission', 'warn', 'asked', {
      permissions: [{ peer: '203.0.113.7:9', kind: 'own', granted: true, ...permission }],
    });
  return run;
}

const HEALTHY = { name: 'everything crosses', run: () => data(20, 20, 20) };

export const relayScenarios: readonly Scenario[] = [
  {
    id: 'relay.not-turn',
    raise: () => {
      const run = turnRun();
      run.attempt(TURN).pass('binding').silent('challenge');
      return run;
    },
    near: [
      {
        name: 'nothing is answered at all',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).silent('challenge');
          return run;
        },
      },
      { name: 'forbidden after authentication', run: () => refused(403, 'Forbidden') },
    ],
  },
  {
    id: 'relay.not-turn',
    raise: () => {
      const run = turnRun(TURN_TCP);
      run.attempt(TURN_TCP).pass('connect').fail('challenge', 'reset');
      run
        .attempt('stun:turn.example.org?transport=tcp', { transport: 'tcp' })
        .asControl('plain STUN?')
        .pass('connect')
        .pass('binding');
      return run;
    },
    near: [
      {
        name: 'plain STUN is met with a reset too',
        run: () => {
          const run = turnRun(TURN_TCP);
          run.attempt(TURN_TCP).pass('connect').fail('challenge', 'reset');
          run
            .attempt('stun:turn.example.org?transport=tcp', { transport: 'tcp' })
            .asControl('plain STUN?')
            .pass('connect')
            .fail('binding', 'reset');
          return run;
        },
      },
    ],
  },
  {
    id: 'relay.quota',
    raise: () => refused(486, 'Allocation Quota Reached'),
    finding: { confidence: 'certain' },
    near: [{ name: '508', run: () => refused(508, '') }],
  },
  {
    id: 'relay.capacity',
    raise: () => refused(508, 'Insufficient Capacity'),
    near: [{ name: '486', run: () => refused(486, '') }],
  },
  {
    id: 'relay.udp-unsupported',
    raise: () => refused(442, 'Unsupported Transport Protocol'),
    near: [{ name: '440', run: () => refused(440, '') }],
  },
  {
    id: 'relay.family-unsupported',
    raise: () => {
      const run = turnRun();
      const six = { address: '2001:db8:7::7', localAddress: '2001:db8::23' };
      const attempt = run.attempt(TURN, six).pass('challenge');
      attempt.stage('allocate', 'warn', '440', {
        cause: 'stun-error',
        errorCode: 440,
        reason: 'Address Family not Supported',
      });
      attempt.pass('allocate', { relayedAddress: RELAYED, authenticated: true });
      return run;
    },
    near: [{ name: 'an allocation at once', run: () => allocated() }],
  },
  {
    id: 'relay.mismatch',
    raise: () => refused(437, 'Allocation Mismatch'),
    near: [
      {
        name: 'another port helps',
        run: () => {
          const run = turnRun();
          run
            .attempt(TURN)
            .stage('allocate', 'skip', '437: once more from a new port', { cause: 'stun-error', errorCode: 437 })
            .allocated();
          return run;
        },
      },
    ],
  },
  {
    id: 'relay.private-address',
    raise: () => allocated('10.0.0.5:49161'),
    near: [
      { name: 'a public one', run: () => allocated() },
      { name: 'a server on a private network', run: () => allocated('10.0.0.5:49161', '10.0.0.5') },
    ],
  },
  {
    id: 'relay.redirected',
    raise: () => {
      const run = turnRun();
      run.attempt(TURN).stage('allocate', 'skip', 'sent on', {
        cause: 'stun-error',
        errorCode: 300,
        alternateServer: '198.51.100.8:3478',
      });
      run.attempt(TURN, { address: '198.51.100.8' }).allocated();
      return run;
    },
    near: [HEALTHY],
  },
  {
    id: 'relay.redirect-loop',
    raise: () => {
      const run = turnRun();
      run.attempt(TURN).fail('allocate', 'redirect-loop', {
        errorCode: 300,
        alternateServer: '198.51.100.7:3478',
        problem: 'the server sends on and on: 198.51.100.7:3478, 198.51.100.8:3478, 198.51.100.7:3478',
      });
      return run;
    },
    near: [
      {
        name: 'redirected once',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).stage('allocate', 'skip', 'sent on', {
            cause: 'stun-error',
            errorCode: 300,
            alternateServer: '198.51.100.8:3478',
          });
          run.attempt(TURN, { address: '198.51.100.8' }).allocated();
          return run;
        },
      },
    ],
  },
  {
    id: 'relay.slow-allocate',
    raise: () => {
      const run = turnRun();
      run.attempt(TURN).pass('challenge', {}, 900).pass('allocate', { authenticated: true, rttMs: 20 }, 700);
      return run;
    },
    near: [{ name: 'quick enough', run: () => allocated() }],
  },
  {
    id: 'relay.inbound-blocked',
    raise: () => data(0, 20, 20),
    finding: { confidence: 'certain', locus: 'server' },
    near: [
      HEALTHY,
      { name: 'nothing comes back later either', run: () => data(0, 20, 0, { egressAddress: RELAYED }) },
      { name: 'the peer was another allocation of the same server', run: () => data(0, 20, 20, { witness: 'relay' }) },
      { name: 'a few get lost', run: () => data(15, 20, 20) },
    ],
  },
  {
    id: 'relay.inbound-blocked',
    raise: () => witnessed(data(0, 20, 20), [0, 10, 10]),
    finding: { confidence: 'certain', locus: 'server' },
    near: [
      { name: 'from another place it passes', run: () => witnessed(data(0, 20, 20), [10, 10, 10]) },
      {
        name: 'behind our own firewall, and nothing of the witness is ever heard',
        run: () => witnessed(data(0, 0, 0, HIDDEN), [0, 10, 10], { isHeard: false }),
      },
    ],
  },
  {
    id: 'relay.inbound-blocked',
    raise: () => witnessed(data(20, 20, 20), [0, 10, 10]),
    finding: { confidence: 'likely' },
    near: [
      {
        name: 'the witness was one of another relay',
        run: () => witnessed(data(20, 20, 20), [0, 10, 10], OTHER_RELAY),
      },
      {
        name: 'and nobody knows whether its packets get out',
        run: () => witnessed(data(20, 20, 20), [0, 10, 10], DEAF),
      },
    ],
  },
  {
    id: 'relay.inbound-blocked',
    raise: () => witnessed(data(0, 0, 0, HIDDEN), [0, 10, 10]),
    finding: { confidence: 'certain' },
    near: [],
  },
  {
    id: 'net.egress-filtered',
    raise: () => witnessed(data(0, 20, 20), [10, 10, 10]),
    finding: { confidence: 'likely', locus: 'client' },
    near: [
      { name: 'from another place it is the same', run: () => witnessed(data(0, 20, 20), [0, 10, 10]) },
      { name: 'nobody saw it from another place', run: () => data(0, 20, 20) },
      { name: 'ours arrive, some of them', run: () => witnessed(data(3, 20, 20), [10, 10, 10]) },
      {
        name: 'the witness was one of another relay',
        run: () => witnessed(data(0, 20, 20), [10, 10, 10], OTHER_RELAY),
      },
    ],
  },
  {
    id: 'net.egress-filtered',
    raise: () => witnessed(data(0, 0, 0, { ports: DEAD_PORTS }), [10, 10, 10]),
    finding: { confidence: 'certain' },
    near: [],
  },
  {
    id: 'relay.no-data',
    raise: () => witnessed(data(0, 0, 0, HIDDEN), [0, 0, 0]),
    finding: { confidence: 'certain', title: 'The relay allocates, but no data crosses it' },
    near: [
      { name: 'from another place everything crosses', run: () => witnessed(data(0, 0, 0), [10, 10, 10]) },
      {
        name: "the witness's NAT hides where the relay would have to send",
        run: () => witnessed(data(0, 0, 0, HIDDEN), [0, 0, 0], { mapping: 'address-and-port-dependent' }),
      },
    ],
  },
  {
    id: 'relay.no-data',
    raise: () => data(0, 0, 0),
    finding: { confidence: 'certain', title: 'The relay allocates, but no data crosses it' },
    near: [
      HEALTHY,
      { name: 'peers cannot begin', run: () => data(0, 20, 20) },
      { name: 'our own egress drops the same packets', run: () => data(0, 0, 0, { control: 'fail' }) },
    ],
  },
  {
    id: 'relay.no-data',
    raise: () => data(0, 20, 0),
    finding: { title: 'The relay allocates, but passes nothing on from peers' },
    near: [],
  },
  {
    id: 'relay.address-wrong',
    raise: () => data(0, 20, 0, { egressAddress: '203.0.113.50:49161' }),
    finding: { confidence: 'certain' },
    near: [
      { name: 'the address is right', run: () => data(0, 20, 0) },
      {
        name: 'it comes from elsewhere, and the advertised address works too',
        run: () => data(20, 20, 20, { egressAddress: '203.0.113.50:1' }),
      },
    ],
  },
  {
    id: 'relay.port-range-mismatch',
    raise: () =>
      data(20, 20, 20, {
        ports: [
          { port: 49_161, sent: 20, received: 20 },
          { port: 50_200, sent: 20, received: 19 },
          { port: 61_000, sent: 20, received: 0 },
          { port: 64_802, sent: 20, received: 0 },
          { port: 65_001, sent: 20, received: 0 },
        ],
      }),
    finding: { confidence: 'certain' },
    near: [
      {
        name: 'all ports pass, one with loss',
        run: () =>
          data(20, 20, 20, {
            ports: [
              { port: 49_161, sent: 20, received: 20 },
              { port: 61_000, sent: 20, received: 12 },
            ],
          }),
      },
      {
        name: 'three ports, where most packets to the others are lost: a limit on packets a second',
        run: () =>
          data(20, 3, 2, {
            ports: [
              { port: 49_161, sent: 20, received: 2 },
              { port: 50_200, sent: 10, received: 3 },
              { port: 61_000, sent: 10, received: 0 },
              { port: 64_802, sent: 10, received: 0 },
              { port: 65_001, sent: 10, received: 0 },
            ],
          }),
      },
      {
        name: 'one port, where packets are lost on the others too',
        run: () =>
          data(20, 17, 12, {
            ports: [
              { port: 49_161, sent: 20, received: 17 },
              { port: 61_000, sent: 20, received: 0 },
            ],
          }),
      },
      {
        name: 'three ports, where servers saw us at two addresses',
        run: () => {
          const run = data(20, 20, 20, {
            ports: [49_161, 50_200, 61_000, 64_802, 65_001].map((port, i) => ({
              port,
              sent: 10,
              received: i < 2 ? 10 : 0,
            })),
          });
          for (const address of ['203.0.113.7', '203.0.113.8']) {
            run.attempt(TURN).pass('binding', { mappedAddress: `${address}:41022` });
          }
          return run;
        },
      },
      {
        name: 'one port, where our own address changes from flow to flow',
        run: () => {
          const run = data(20, 20, 20, {
            ports: [
              { port: 49_161, sent: 20, received: 20 },
              { port: 61_000, sent: 20, received: 0 },
            ],
          });
          const test = {
            type: 'nat-test',
            interface: 'eth0',
            family: 4,
            tries: 1,
            outcome: 'yes',
            via: 'stun',
          } as const;
          for (const [port, address] of ['203.0.113.7', '203.0.113.8'].entries()) {
            const [local, mappedAddress] = [`192.168.1.23:${50_000 + port}`, `${address}:41022`];
            run.record({
              ...test,
              test: 'mapping',
              local,
              destination: '198.51.100.9:3478',
              answerFrom: null,
              mappedAddress,
            });
          }
          return run;
        },
      },
      { name: 'no port passes', run: () => data(0, 0, 0, { ports: [{ port: 49_161, sent: 20, received: 0 }] }) },
    ],
  },
  {
    id: 'relay.port-range-mismatch',
    raise: () =>
      data(20, 20, 20, {
        ports: [
          { port: 49_161, sent: 20, received: 20 },
          { port: 61_000, sent: 20, received: 0 },
        ],
      }),
    finding: { confidence: 'possible' },
    near: [],
  },
  {
    id: 'relay.bandwidth-capped',
    raise: () => rated(20, 20, 4000, 512),
    near: [
      { name: 'nearly all of it', run: () => rated(20, 20, 4000, 3900) },
      { name: 'a path that loses at any rate', run: () => rated(16, 13, 688, 440) },
    ],
  },
  {
    id: 'relay.peer-forbidden',
    raise: () => asked({ granted: false, errorCode: 403 }),
    finding: { severity: 'error' },
    near: [
      { name: 'granted', run: () => asked({}) },
      { name: 'another error', run: () => asked({ granted: false, errorCode: 508 }) },
    ],
  },
  {
    id: 'relay.peer-forbidden',
    raise: () => asked({ peer: '10.0.0.1:9', kind: 'private', granted: false, errorCode: 403 }),
    finding: { severity: 'info' },
    near: [],
  },
  {
    id: 'relay.open-to-private',
    raise: () => asked({ peer: '169.254.169.254:80', kind: 'metadata' }),
    finding: { confidence: 'possible' },
    near: [
      { name: 'our own private address, as a call asks for it', run: () => asked({ peer: '192.168.1.23:9' }) },
      {
        name: 'refused',
        run: () => asked({ peer: '169.254.169.254:80', kind: 'metadata', granted: false, errorCode: 403 }),
      },
    ],
  },
  {
    id: 'relay.open-to-private',
    raise: () => asked({ peer: '10.0.0.9:4000', kind: 'private', reached: true }),
    finding: { confidence: 'certain' },
    near: [],
  },
  {
    id: 'relay.channel-fails',
    raise: () => channel(0),
    finding: { confidence: 'certain' },
    near: [
      { name: 'with loss', run: () => channel(14) },
      { name: 'over a stream, on a path that loses a fifth over UDP', run: lossyStream },
      {
        name: 'nothing crosses at all',
        run: () => {
          const run = turnRun();
          const attempt = run.attempt(TURN).allocated(RELAYED);
          attempt
            .burst('relay-to-peer', 20, 0)
            .burst('peer-after-relay', 20, 0)
            .fail('relay-data', 'timeout', { relay: PROOF });
          attempt.fail('channel', 'timeout', { channelData: { sent: 20, received: 0 } });
          return run;
        },
      },
    ],
  },
  {
    id: 'relay.refresh-fails',
    raise: () => {
      const run = turnRun();
      run.attempt(TURN).allocated().fail('refresh', 'stun-error', { errorCode: 437, reason: 'Allocation Mismatch' });
      return run;
    },
    near: [
      {
        name: 'refreshed',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).allocated().pass('refresh', { lifetime: 600 }).pass('release', { lifetime: 0 });
          return run;
        },
      },
      { name: 'over a stream, on a path that loses a fifth over UDP', run: lossyStream },
      {
        name: 'the run ended before',
        run: () => {
          const run = turnRun();
          run.attempt(TURN).allocated().fail('refresh', 'not-run');
          return run;
        },
      },
    ],
  },
  {
    id: 'relay.refresh-fails',
    raise: () => {
      const run = turnRun();
      run.attempt(TURN).allocated().fail('refresh', 'unsupported', { lifetime: 0, problem: 'granted a lifetime of 0' });
      return run;
    },
    near: [],
  },
];

/** A stream stands still where datagrams are lost: what was to cross it meanwhile did not. */
function lossyStream(): Run {
  const run = turnRun(TURN, TURN_TCP);
  const datagrams = run.attempt(TURN).allocated(RELAYED);
  datagrams.burst('peer-first', 20, 16).burst('relay-to-peer', 20, 13).burst('peer-after-relay', 13, 8);
  datagrams.pass('relay-data', { relay: PROOF });
  const stream = run.attempt(TURN_TCP).pass('connect').allocated(RELAYED);
  stream.burst('peer-first', 20, 20).burst('relay-to-peer', 20, 20).burst('peer-after-relay', 20, 20);
  const sizes = [
    { size: 1200, sent: 3, received: 3 },
    { size: 1472, sent: 6, received: 0 },
  ];
  stream.pass('relay-data', { relay: { ...PROOF, sizes } });
  stream.stage('channel', 'fail', 'as measured', { channelData: { sent: 20, received: 0 } });
  stream.stage('refresh', 'fail', 'for 600 s; no data crosses any more', { lifetime: 600 });
  return run;
}

function channel(received: number): Run {
  const run = turnRun();
  const attempt = run.attempt(TURN).allocated(RELAYED);
  attempt.burst('peer-first', 20, 20).burst('relay-to-peer', 20, 20).burst('peer-after-relay', 20, 20);
  attempt.pass('relay-data', { relay: PROOF });
  attempt.stage('channel', received > 0 ? 'pass' : 'fail', 'as measured', { channelData: { sent: 20, received } });
  return run;
}
