import type { Scenario, ScenarioServer, ScenarioTurn } from '../support/scenario.ts';
import { GOOD, LOGIN, NAME, restLogin, S1, S1V6, S2 } from './common.ts';

const WITHIN = 15_000;
const HOME = { nats: [{ mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' }] } as const;
const DOCTOR = ['doctor', `turn:${S1}`, ...LOGIN] as const;

function own(...faults: readonly string[]): ScenarioServer {
  return { turn: [{ kind: 'iceprobe', extra: faults.flatMap((fault) => ['--fault', fault]) }] };
}

interface Case extends Omit<Scenario, 'name' | 'network' | 'expect' | 'command' | 'servers'> {
  readonly first: string;
  readonly network?: Scenario['network'];
  readonly servers?: Scenario['servers'];
  readonly command?: Scenario['command'];
  readonly exitCode?: number;
  readonly also?: readonly string[];
}

function scenario(name: string, given: Case): Scenario {
  const { first, network = 'eim-apdf', servers = [GOOD], command = DOCTOR, exitCode, also, ...rest } = given;
  const code = exitCode ?? (first === 'none' ? 0 : 1);
  const more = also === undefined ? {} : { also };
  return { name, network, servers, command, ...rest, expect: { first, ...more, exitCode: code, withinMs: WITHIN } };
}

/** What servers and paths say that no other scenario here makes them say, each with one that comes close. */
const NAMED: readonly Scenario[] = [
  scenario('437 to every Allocate', {
    first: 'relay.mismatch',
    servers: [own('allocate:437')],
    misses: ['auth.bad-credentials'],
  }),
  scenario('near miss: 437 to the first Allocate alone, which another port mends', {
    first: 'none',
    servers: [own('allocate:437@1')],
    misses: ['relay.mismatch', 'ice.no-srflx'],
  }),
  scenario('an allocation takes three seconds', {
    first: 'relay.slow-allocate',
    servers: [own('allocate:delay=1500')],
    // Each further relay port would take another three.
    command: [...DOCTOR, '--ports', '0', '--timeout', '30'],
    exitCode: 0,
  }),
  scenario('near miss: an allocation takes half a second', {
    first: 'none',
    servers: [own('allocate:delay=250')],
    misses: ['relay.slow-allocate'],
  }),
  scenario('a server that lets through twenty packets a second', {
    first: 'net.rate-limited',
    servers: [{ ...GOOD, firewall: [{ protocol: 'udp', ports: '3478', action: 'limit', perSecond: 20 }] }],
    command: ['probe', `turn:${S1}`, ...LOGIN, '--packets', '40', '--ports', '0'],
    exitCode: 0,
    misses: ['relay.no-data', 'relay.channel-fails', 'relay.refresh-fails', 'relay.port-range-mismatch'],
  }),
  scenario('near miss: a server that lets through a thousand packets a second', {
    first: 'none',
    servers: [{ ...GOOD, firewall: [{ protocol: 'udp', ports: '3478', action: 'limit', perSecond: 1000 }] }],
    misses: ['net.rate-limited', 'net.high-loss'],
  }),
  scenario('a relay that passes two kilobytes a second, which also costs it a request now and then', {
    first: 'net.rate-limited',
    servers: [{ turn: [{ kind: 'coturn', extra: ['--max-bps=2000'] }] }],
    command: ['probe', `turn:${S1}`, ...LOGIN],
    exitCode: 0,
    misses: ['relay.refresh-fails', 'relay.channel-fails', 'relay.no-data', 'net.path-mtu'],
  }),
  scenario('near miss: a relay that passes a hundred kilobytes a second', {
    first: 'none',
    servers: [{ turn: [{ kind: 'coturn', extra: ['--max-bps=100000'] }] }],
    misses: ['net.rate-limited', 'net.high-loss', 'relay.bandwidth-capped'],
  }),
  scenario('a server that sends us back to itself', {
    first: 'relay.redirect-loop',
    servers: [own(`redirect:${S1}:3478`)],
    misses: ['relay.redirected'],
  }),
  scenario('near miss: a server that sends us to another one, which serves', {
    first: 'none',
    servers: [own(`redirect:${S2}:3478`), GOOD],
    also: ['relay.redirected'],
    misses: ['relay.redirect-loop', 'relay.quota'],
  }),
  scenario('a relay of IPv4 alone, asked over IPv6 by a server that gives nothing else', {
    first: 'relay.family-unsupported',
    network: 'dual-stack',
    servers: [{ ipv6: true, turn: [{ kind: 'iceprobe', ipv6: true, extra: ['--fault', 'allocate:440'] }] }],
    command: ['doctor', `turn:[${S1V6}]`, ...LOGIN],
  }),
  scenario('answers whose integrity is wrong', {
    first: 'auth.bad-response-integrity',
    servers: [own('allocate:wrong-integrity')],
    misses: ['auth.bad-credentials'],
  }),
  scenario('answers whose fingerprint is wrong', {
    first: 'stun.malformed',
    servers: [own('allocate:wrong-fingerprint')],
    misses: ['auth.bad-response-integrity', 'relay.not-turn'],
  }),
  scenario('a user name with its two halves the wrong way round', {
    first: 'auth.wrong-mechanism',
    servers: [{ turn: [{ kind: 'coturn', sharedSecret: 'shared' }] }],
    command: ['doctor', `turn:${S1}`, ...reversed(restLogin('shared', 3600))],
    misses: ['auth.bad-credentials', 'auth.expired'],
  }),
  scenario('near miss: the two halves as they belong', {
    first: 'none',
    servers: [{ turn: [{ kind: 'coturn', sharedSecret: 'shared' }] }],
    command: ['doctor', `turn:${S1}`, ...restLogin('shared', 3600)],
    misses: ['auth.wrong-mechanism', 'auth.expired', 'config.credential-expired', 'config.credential-expires-soon'],
  }),
  scenario('answers to Binding that break off in the middle of an attribute', {
    first: 'stun.malformed',
    servers: [own('binding:malformed'), GOOD],
    command: ['doctor', `stun:${S1}`, `stun:${S2}`],
    exitCode: 1,
  }),
  scenario('near miss: an attribute in Binding answers that nobody knows', {
    first: 'none',
    servers: [own('binding:twice'), GOOD],
    command: ['doctor', `stun:${S1}`, `stun:${S2}`],
    misses: ['stun.malformed'],
  }),
  scenario('a line on which every packet takes another time', {
    first: 'net.jitter',
    network: { ...HOME, delayMs: 20, jitterMs: 250 },
    command: ['probe', `turn:${S1}`, ...LOGIN, '--packets', '60', '--rate', '50', '--timeout', '30'],
    exitCode: 0,
    misses: ['net.high-loss'],
  }),
  scenario('near miss: a line with a little jitter', {
    first: 'none',
    network: { ...HOME, delayMs: 40, jitterMs: 25 },
    command: ['probe', `turn:${S1}`, ...LOGIN, '--packets', '60', '--rate', '50', '--timeout', '30'],
    misses: ['net.jitter', 'net.high-latency'],
  }),
  scenario('TCP to one port is dropped, another of the same host answers', {
    first: 'net.port-blocked',
    servers: [
      {
        firewall: [{ protocol: 'tcp', ports: '3999', action: 'drop' }],
        turn: [{ kind: 'coturn', rfc5780: false }],
      },
    ],
    command: ['doctor', `turn:${S1}?transport=tcp`, `turn:${S1}:3999?transport=tcp`, ...LOGIN],
  }),
  scenario('near miss: TCP to one port is refused, another of the same host answers', {
    first: 'net.refused',
    command: ['doctor', `turn:${S1}?transport=tcp`, `turn:${S1}:3999?transport=tcp`, ...LOGIN],
    misses: ['net.port-blocked', 'net.server-silent'],
  }),
  scenario('an IPv6 address, and a client that has none', {
    first: 'net.unreachable',
    command: ['doctor', `turn:[${S1V6}]`, ...LOGIN],
    misses: ['net.server-silent', 'net.ipv6-broken'],
  }),
  scenario('no address but loopback', {
    first: 'net.no-network',
    network: { ipv4: false },
    misses: ['net.unreachable', 'net.server-silent'],
  }),
  scenario('a server that speaks nothing newer than TLS 1.1', {
    first: 'tls.old-version',
    servers: [
      {
        turn: [{ kind: 'iceprobe', certificate: 'good', extra: ['--fault', 'tls:old-version'] } satisfies ScenarioTurn],
      },
    ],
    zone: { [NAME]: [S1] },
    command: ['doctor', `turns:${NAME}`, ...LOGIN, '--ca', '{ca}'],
    misses: ['tls.handshake-failed', 'net.tls-filtered'],
  }),
  scenario('a port that takes connections and hangs up at the first byte', {
    first: 'tls.handshake-failed',
    servers: [{ services: [{ kind: 'reset', address: S1, port: 5349 }] }],
    zone: { [NAME]: [S1] },
    command: ['doctor', `turns:${NAME}`, ...LOGIN, '--ca', '{ca}'],
    misses: ['tls.old-version', 'net.tls-filtered', 'tls.untrusted'],
  }),
  ...(['coturn', 'iceprobe'] as const).map((kind) =>
    scenario(`near miss: a relay of IPv4 that is reached over IPv6, behind a NAT for IPv4, ${kind}`, {
      first: 'none',
      network: 'dual-stack',
      servers: [{ ipv6: true, turn: [{ kind, ipv6: true }] }],
      command: ['doctor', `turn:[${S1V6}]`, ...LOGIN],
      misses: ['relay.no-data', 'relay.inbound-blocked', 'relay.peer-forbidden', 'relay.open-to-private'],
    }),
  ),
  scenario('near miss: the same, and nobody tells us our public address of IPv4', {
    first: 'none',
    network: 'dual-stack',
    servers: [
      {
        ipv6: true,
        firewall: [{ protocol: 'udp', ports: '3478', action: 'drop', family: 4 }],
        turn: [{ kind: 'coturn', ipv6: true }],
      },
    ],
    command: ['doctor', `turn:[${S1V6}]`, ...LOGIN],
    misses: ['relay.no-data', 'relay.inbound-blocked', 'relay.peer-forbidden', 'relay.open-to-private'],
  }),
  scenario('a NAT that maps by destination, and no relay', {
    first: 'nat.address-dependent-mapping',
    network: 'apdm-apdf',
    servers: [GOOD, GOOD],
    command: ['doctor', `stun:${S1}`, `stun:${S2}`],
    exitCode: 0,
    misses: ['nat.unstable-address'],
  }),
  scenario('near miss: a NAT that maps everything alike, and no relay', {
    first: 'none',
    servers: [GOOD, GOOD],
    command: ['doctor', `stun:${S1}`, `stun:${S2}`],
    misses: ['nat.address-dependent-mapping', 'nat.none', 'nat.unstable-address'],
  }),
  scenario('no NAT', {
    first: 'none',
    network: 'public',
    also: ['nat.none'],
    misses: ['nat.no-hairpin', 'nat.address-dependent-mapping', 'ice.no-srflx'],
  }),
  scenario('near miss: a NAT that keeps UDP for longer than was asked', {
    first: 'none',
    command: ['nat', `stun:${S1}`, '--lifetime', '6'],
    misses: ['nat.short-binding'],
  }),
  scenario('a NAT that forgets UDP after five seconds', {
    first: 'nat.short-binding',
    network: 'short-binding',
    command: ['nat', `stun:${S1}`, '--lifetime', '12'],
    exitCode: 0,
  }),
];

/** Healthy networks beyond those that each server is held to elsewhere: nothing is wrong, and nothing is said to be. */
const HEALTHY_PLACES: readonly Scenario[] = (
  [
    ['dual-stack', S1, { ipv6: true }],
    ['ipv6-only', `[${S1V6}]`, { ipv6: true }],
    ['hairpin', S1, {}],
    ['adm-apdf', S1, {}],
    ['small-mtu', S1, {}],
    ['short-binding', S1, {}],
  ] as const
).flatMap(
  ([network, host, { ipv6 = false }]: readonly [Scenario['network'] & string, string, { readonly ipv6?: boolean }]) =>
    (['coturn', 'iceprobe'] as const).map((kind) =>
      scenario(`doctor, nothing wrong: ${network}, ${kind}`, {
        first: 'none',
        network,
        servers: [{ ipv6, turn: [{ kind, ipv6 }] }],
        command: ['doctor', `turn:${host}`, `turn:${host}?transport=tcp`, `stun:${host}`, ...LOGIN],
        misses: ['relay.*', 'auth.*', 'net.server-silent', 'net.ipv6-broken', 'nat.unstable-address'],
      }),
    ),
);

export const FINDINGS: readonly Scenario[] = [...NAMED, ...HEALTHY_PLACES];

function reversed([u = '', name = '', ...rest]: readonly string[]): string[] {
  return [u, name.split(':').toReversed().join(':'), ...rest];
}
