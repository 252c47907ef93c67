import { BLACK_HOLE } from '../support/network.ts';
import type { Scenario, ScenarioServer } from '../support/scenario.ts';
import { GOOD, LOGIN, S1, S2 } from './common.ts';

/** The relay ports of the servers here: few, so that several allocations meet all of them. */
const RELAY_PORTS = { low: 50_000, high: 50_199 } as const;
const ALL_PORTS = `${RELAY_PORTS.low}-${RELAY_PORTS.high}`;
const FEW_PORTS = { low: 50_000, high: 50_005 } as const;

/** A full run that waits for silence, on a machine that is busy with other tests. */
const PATIENT = 12_000;
const DOCTOR = ['doctor', `turn:${S1}`, ...LOGIN] as const;
const PROBE = ['probe', `turn:${S1}`, ...LOGIN] as const;

function coturn(extra: readonly string[] = [], place: Omit<ScenarioServer, 'turn'> = {}): ScenarioServer {
  return { ...place, turn: [{ kind: 'coturn', relayPorts: RELAY_PORTS, extra }] };
}

function own(...faults: readonly string[]): ScenarioServer {
  const extra = ['--relay-ports', ALL_PORTS, ...faults.flatMap((fault) => ['--fault', fault])];
  return { turn: [{ kind: 'iceprobe', extra }] };
}

function firewalled(action: 'stateful' | 'drop', ports: string = ALL_PORTS, kind: 'coturn' | 'pion' = 'coturn') {
  const firewall = [{ protocol: 'udp', ports, action }] as const;
  return { firewall, turn: [{ kind, relayPorts: RELAY_PORTS }] } satisfies ScenarioServer;
}

/** What data through a relay tells: firewalls, wrong addresses, ranges, permissions. */
const DATA: readonly Scenario[] = [
  ...(['public', 'eim-apdf', 'eim-eif'] as const).map(
    (network): Scenario => ({
      name: `relay ports open to answers only, seen from ${network}`,
      network,
      servers: [firewalled('stateful', ALL_PORTS, network === 'eim-eif' ? 'pion' : 'coturn')],
      command: DOCTOR,
      expect: {
        first: 'relay.inbound-blocked',
        locus: 'server',
        confidence: 'certain',
        forbidden: ['relay.no-data', 'relay.port-range-mismatch', 'net.*', 'auth.*'],
        exitCode: 1,
        withinMs: PATIENT,
      },
    }),
  ),
  {
    name: 'near miss: relay ports open to answers only, and a NAT that maps by destination: not determined',
    network: 'apdm-apdf',
    servers: [firewalled('stateful')],
    command: PROBE,
    expect: { first: 'none', forbidden: ['relay.*'], exitCode: 3, withinMs: PATIENT },
  },
  {
    name: 'near miss: a firewall that is stateful for other ports',
    misses: ['relay.inbound-blocked', 'relay.no-data'],
    network: 'eim-apdf',
    servers: [firewalled('stateful', '51000-65535')],
    command: DOCTOR,
    expect: { first: 'none', forbidden: ['relay.*'], exitCode: 0, withinMs: PATIENT },
  },
  ...(['public', 'eim-apdf'] as const).flatMap((network): Scenario[] => [
    {
      name: `nothing crosses the relay, either way, seen from ${network}`,
      network,
      servers: [
        {
          firewall: [
            { protocol: 'udp', ports: ALL_PORTS, action: 'drop' },
            { protocol: 'udp', ports: ALL_PORTS, action: 'drop', direction: 'out' },
          ],
          turn: [{ kind: 'coturn', relayPorts: RELAY_PORTS }],
        },
      ],
      command: DOCTOR,
      expect: {
        first: 'relay.no-data',
        locus: 'server',
        confidence: 'certain',
        forbidden: ['relay.inbound-blocked', 'relay.address-wrong'],
        report: { findings: [{ id: 'relay.no-data', params: { both: true } }] },
        exitCode: 1,
        withinMs: PATIENT,
      },
    },
    {
      name: `nothing ever comes in through the relay, seen from ${network}`,
      network,
      servers: [firewalled('drop')],
      command: PROBE,
      expect: {
        first: 'relay.no-data',
        locus: 'server',
        confidence: 'certain',
        forbidden: ['relay.inbound-blocked', 'relay.address-wrong', 'relay.port-range-mismatch'],
        report: { findings: [{ id: 'relay.no-data', params: { inward: true } }] },
        exitCode: 1,
        withinMs: PATIENT,
      },
    },
    {
      name: `the relay is not at the address that it advertises, seen from ${network}`,
      network,
      servers: [{ turn: [{ kind: 'coturn', relayPorts: RELAY_PORTS, externalAddress: '198.19.254.77' }] }],
      command: PROBE,
      expect: {
        first: 'relay.address-wrong',
        locus: 'server',
        forbidden: ['relay.no-data', 'relay.inbound-blocked'],
        exitCode: 1,
        withinMs: PATIENT,
      },
    },
    {
      name: `a private relayed address, seen from ${network}`,
      network,
      servers: [coturn([], { front: 'one-to-one' })],
      command: DOCTOR,
      expect: {
        first: 'relay.private-address',
        locus: 'server',
        confidence: 'certain',
        exitCode: 1,
        withinMs: PATIENT,
      },
    },
    {
      name: `near miss: the right external address behind a cloud's translation, seen from ${network}`,
      misses: ['relay.private-address', 'relay.address-wrong', 'stun.private-mapped'],
      network,
      servers: [
        {
          front: 'one-to-one',
          turn: [{ kind: 'coturn', relayPorts: RELAY_PORTS, externalAddress: S1, rfc5780: false }],
        },
      ],
      command: PROBE,
      expect: { first: 'none', forbidden: ['relay.*'], exitCode: 0, withinMs: PATIENT },
    },
    {
      name: `half of the relay ports is firewalled, seen from ${network}`,
      network,
      servers: [
        {
          firewall: [{ protocol: 'udp', ports: '50000-50002', action: 'drop' }],
          turn: [{ kind: 'coturn', relayPorts: FEW_PORTS }],
        },
      ],
      command: [...PROBE, '--ports', '20'],
      expect: {
        first: 'relay.port-range-mismatch',
        locus: 'server',
        forbidden: ['relay.no-data', 'relay.inbound-blocked'],
        exitCode: 1,
        withinMs: PATIENT,
      },
    },
  ]),
  {
    name: 'near miss: few relay ports, all open, more asked for than there are',
    misses: ['relay.port-range-mismatch', 'relay.capacity'],
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', relayPorts: { low: 50_000, high: 50_003 } }] }],
    command: PROBE,
    expect: { first: 'none', forbidden: ['relay.*'], exitCode: 0, withinMs: PATIENT },
  },
  {
    name: 'the server refuses to relay to our own address',
    network: 'eim-apdf',
    servers: [coturn(['--denied-peer-ip=198.18.0.0-198.18.255.255'])],
    command: DOCTOR,
    expect: {
      first: 'relay.peer-forbidden',
      locus: 'server',
      confidence: 'certain',
      forbidden: ['relay.no-data', 'relay.inbound-blocked'],
      report: { findings: [{ id: 'relay.peer-forbidden', severity: 'error', params: { own: true } }] },
      exitCode: 1,
      withinMs: PATIENT,
    },
  },
  {
    name: 'near miss: the server refuses to relay to private addresses alone',
    misses: ['relay.peer-forbidden'],
    network: 'eim-apdf',
    servers: [coturn(['--denied-peer-ip=10.0.0.0-10.255.255.255', '--denied-peer-ip=192.168.0.0-192.168.255.255'])],
    command: DOCTOR,
    expect: { first: 'none', forbidden: ['relay.*'], exitCode: 0, withinMs: PATIENT },
  },
  {
    name: 'no UDP gets out: data crosses between two relays, over TCP',
    misses: ['relay.no-data', 'relay.address-wrong'],
    network: 'no-udp',
    servers: [coturn()],
    command: ['probe', `turn:${S1}?transport=tcp`, ...LOGIN],
    expect: { first: 'none', forbidden: ['relay.*'], exitCode: 0, withinMs: PATIENT },
  },
];

/** What a server says, or fails to do, once it has been asked properly. */
const ANSWERS: readonly Scenario[] = [
  refused('relay.quota', 'allocate:486'),
  refused('relay.capacity', 'allocate:508'),
  refused('relay.udp-unsupported', 'allocate:442'),
  {
    name: 'near miss: a quota of one allocation, which is enough for one client',
    misses: ['relay.quota'],
    network: 'eim-apdf',
    servers: [coturn(['--user-quota=1'])],
    command: PROBE,
    expect: { first: 'none', forbidden: ['relay.*'], exitCode: 0, withinMs: PATIENT },
  },
  {
    name: 'Refresh grants a lifetime of zero',
    network: 'eim-apdf',
    servers: [own('refresh:lifetime=0')],
    command: PROBE,
    expect: { first: 'relay.refresh-fails', confidence: 'certain', locus: 'server', exitCode: 1, withinMs: PATIENT },
  },
  {
    name: 'Refresh is refused',
    network: 'public',
    servers: [own('refresh:437')],
    command: DOCTOR,
    expect: { first: 'relay.refresh-fails', confidence: 'certain', locus: 'server', exitCode: 1, withinMs: PATIENT },
  },
  {
    name: 'near miss: a short lifetime, well refreshed',
    misses: ['relay.refresh-fails', 'relay.ends-early'],
    network: 'eim-apdf',
    servers: [own('lifetime:allocation=60')],
    command: PROBE,
    expect: { first: 'none', forbidden: ['relay.*'], exitCode: 0, withinMs: PATIENT },
  },
  {
    name: 'channels are bound and carry nothing',
    network: 'eim-apdf',
    servers: [own('data:drop,channel')],
    command: PROBE,
    expect: { first: 'relay.channel-fails', confidence: 'certain', locus: 'server', exitCode: 1, withinMs: PATIENT },
  },
  {
    name: 'new data is dropped by the server itself until the client has sent',
    network: 'eim-apdf',
    servers: [own('data:drop,unsolicited')],
    command: PROBE,
    expect: { first: 'relay.inbound-blocked', locus: 'server', exitCode: 1, withinMs: PATIENT },
  },
  {
    name: 'each nonce serves once, and is stale at once',
    network: 'eim-apdf',
    servers: [own('any:438!')],
    command: PROBE,
    expect: { first: 'auth.nonce-loop', locus: 'server', exitCode: 1, withinMs: PATIENT },
  },
  {
    name: 'near miss: each nonce serves one request',
    misses: ['auth.nonce-loop'],
    network: 'eim-apdf',
    servers: [own('nonce:once')],
    command: PROBE,
    expect: { first: 'none', forbidden: ['auth.*', 'relay.*'], exitCode: 0, withinMs: PATIENT },
  },
  {
    name: 'an open relay',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', open: true }] }],
    command: PROBE,
    expect: { first: 'auth.open-relay', locus: 'server', confidence: 'certain', exitCode: 1, withinMs: PATIENT },
  },
  {
    name: 'a STUN server that is taken for a TURN server',
    misses: ['relay.udp-unsupported', 'relay.family-unsupported', 'auth.open-relay'],
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', extra: ['--stun-only'] }] }],
    command: PROBE,
    expect: {
      first: 'relay.not-turn',
      locus: 'server',
      forbidden: ['auth.*', 'net.*'],
      exitCode: 1,
      withinMs: PATIENT,
    },
  },
  ...(['coturn', 'pion', 'iceprobe'] as const).map(
    (kind): Scenario => ({
      name: `${kind}: a wrong password, to doctor`,
      network: 'eim-apdf',
      servers: [{ turn: [{ kind }] }],
      command: ['doctor', `turn:${S1}`, '-u', 'alice', '-p', 'wrong'],
      expect: {
        first: 'auth.bad-credentials',
        forbidden: ['net.*', 'relay.*'],
        // pion says 400 to a wrong password, everybody else 401.
        report: { findings: [{ id: 'auth.bad-credentials', params: { errorCode: kind === 'pion' ? 400 : 401 } }] },
        exitCode: 1,
        withinMs: PATIENT,
      },
    }),
  ),
];

function refused(id: string, fault: string): Scenario {
  return {
    name: `Allocate is refused: ${fault}`,
    // Each is a near miss of the other two.
    misses: ['relay.quota', 'relay.capacity', 'relay.udp-unsupported', 'relay.mismatch'].filter(
      (other) => other !== id,
    ),
    network: 'eim-apdf',
    servers: [own(fault)],
    command: DOCTOR,
    expect: {
      first: id,
      confidence: 'certain',
      locus: 'server',
      forbidden: ['auth.*', 'net.*'],
      exitCode: 1,
      withinMs: PATIENT,
    },
  };
}

/** How good the way is. */
const QUALITY: readonly Scenario[] = [
  {
    name: 'a fifth of all packets is lost',
    misses: ['relay.channel-fails', 'relay.no-data', 'relay.refresh-fails', 'net.path-mtu'],
    network: 'lossy',
    servers: [coturn()],
    command: [...PROBE, '--packets', '100', '--timeout', '25'],
    expect: { first: 'net.high-loss', forbidden: ['relay.*', 'auth.*'], exitCode: 0, withinMs: 25_000 },
  },
  {
    name: 'near miss: a packet in a hundred is lost',
    misses: ['net.high-loss', 'net.rate-limited'],
    network: { nats: [{ mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' }], lossPercent: 0.3 },
    servers: [coturn()],
    command: [...PROBE, '--packets', '300'],
    expect: { first: 'none', forbidden: ['net.*', 'relay.*'], exitCode: 0, withinMs: PATIENT },
  },
  {
    name: 'a long way',
    misses: ['relay.slow-allocate', 'net.jitter'],
    network: { nats: [{ mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' }], delayMs: 200 },
    servers: [coturn()],
    command: PROBE,
    expect: { first: 'net.high-latency', forbidden: ['relay.*', 'net.high-loss'], exitCode: 0, withinMs: PATIENT },
  },
  {
    name: 'large packets vanish',
    misses: ['net.high-loss'],
    network: 'mtu-black-hole',
    servers: [coturn()],
    command: PROBE,
    expect: { first: 'net.path-mtu', forbidden: ['relay.*', 'net.high-loss'], exitCode: 0, withinMs: PATIENT },
  },
];

/** Silence over UDP: the same port is asked over TCP, which nobody asked for. */
const CONTROLS: readonly Scenario[] = [
  {
    name: 'UDP is silent on one host, and only UDP was asked for: TCP is tried as a control',
    network: 'eim-apdf',
    servers: [{ ...GOOD, firewall: [{ protocol: 'udp', ports: '1-65535', action: 'drop' }] }, GOOD],
    command: ['probe', `turn:${S1}`, `stun:${S2}`, ...LOGIN],
    expect: {
      first: 'net.udp-silent-here',
      locus: 'server',
      confidence: 'likely',
      forbidden: ['net.server-silent', 'net.udp-blocked'],
      report: { servers: [{ control: 'does TCP answer where UDP is silent?' }] },
      exitCode: 1,
      withinMs: PATIENT,
    },
  },
  {
    name: 'UDP is silent, TCP answers, and nobody else was asked: not known whose fault that is',
    network: 'no-udp',
    servers: [GOOD],
    command: PROBE,
    expect: {
      first: 'net.udp-silent-here',
      locus: 'unknown',
      confidence: 'possible',
      forbidden: ['net.server-silent'],
      exitCode: 1,
      withinMs: PATIENT,
    },
  },
  {
    name: 'no UDP to two servers, and only UDP was asked for: TCP is tried as a control',
    network: 'no-udp',
    servers: [GOOD, GOOD],
    command: ['doctor', `turn:${S1}`, `turn:${S2}`, ...LOGIN],
    expect: {
      first: 'net.udp-blocked',
      locus: 'path',
      forbidden: ['net.server-silent'],
      exitCode: 1,
      withinMs: PATIENT,
    },
  },
  {
    name: 'near miss: nobody is there, over TCP neither',
    misses: ['net.udp-silent-here', 'net.udp-blocked'],
    network: 'eim-apdf',
    servers: [GOOD],
    command: ['doctor', `turn:${BLACK_HOLE}`, `stun:${S1}`, ...LOGIN],
    expect: {
      first: 'net.server-silent',
      locus: 'server',
      confidence: 'likely',
      forbidden: ['net.udp-silent-here', 'net.udp-blocked'],
      exitCode: 1,
      withinMs: PATIENT,
    },
  },
];

/** Healthy networks, with each of the three servers. */
const NOTHING_WRONG: readonly Scenario[] = (
  ['public', 'eim-eif', 'eim-adf', 'eim-apdf', 'carrier-grade', 'slow'] as const
)
  .flatMap((network) => (['coturn', 'pion', 'iceprobe'] as const).map((kind) => ({ network, kind })))
  .map(({ network, kind }) => ({
    name: `doctor, nothing wrong: ${network}, ${kind}`,
    misses: [
      'relay.peer-forbidden',
      'auth.open-relay',
      'net.high-latency',
      'net.jitter',
      'stun.alg-rewrites',
      'ice.no-relay',
      'ice.no-srflx',
    ],
    network,
    servers: [{ turn: [{ kind }] }],
    command: ['doctor', `turn:${S1}`, `turn:${S1}?transport=tcp`, `stun:${S1}`, ...LOGIN],
    expect: { first: 'none', forbidden: ['relay.*', 'auth.*'], exitCode: 0, withinMs: PATIENT },
  }));

const SYMMETRIC: readonly Scenario[] = (['coturn', 'pion', 'iceprobe'] as const).map((kind) => ({
  name: `doctor, a NAT that maps by destination, ${kind}: the relay works`,
  network: 'apdm-apdf',
  servers: [{ turn: [{ kind }] }, GOOD],
  command: ['doctor', `turn:${S1}`, `stun:${S2}`, ...LOGIN],
  expect: { first: 'none', forbidden: ['relay.*', 'auth.*'], exitCode: 0, withinMs: PATIENT },
}));

export const RELAY: readonly Scenario[] = [
  ...DATA,
  ...ANSWERS,
  ...CONTROLS,
  ...QUALITY,
  ...NOTHING_WRONG,
  ...SYMMETRIC,
];
