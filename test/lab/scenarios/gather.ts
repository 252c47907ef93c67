import { BLACK_HOLE } from '../support/network.ts';
import type { NetworkName } from '../support/networks.ts';
import type { Scenario } from '../support/scenario.ts';
import { GOOD, GOOD_PION, LOGIN, NAME, restLogin, S1, S1B, S1V6, S2 } from './common.ts';

// `withinMs` includes Node's start on a busy machine: what should take a blink has 3 s.
const BLINK = 3000;

/** Nothing is wrong: nothing may be said to be. */
const healthy: readonly Scenario[] = (
  [
    // Without a NAT the mapped address is the host's own, and left out as redundant (RFC 8445 5.1.3).
    ['public', ['host 4 udp', 'relay 4 udp']],
    ['eim-eif', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['eim-adf', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['eim-apdf', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['adm-apdf', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['apdm-apdf', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['hairpin', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['carrier-grade', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['slow', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['short-binding', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['two-uplinks', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['vpn', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['small-mtu', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['mtu-black-hole', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
  ] as const satisfies readonly (readonly [NetworkName, readonly string[]])[]
).map(([network, candidates], i) => ({
  name: `nothing wrong: ${network}`,
  network,
  servers: [i % 2 === 0 ? GOOD : GOOD_PION],
  command: ['gather', `stun:${S1}`, `turn:${S1}`, ...LOGIN],
  expect: { first: 'none', candidates, exitCode: 0, withinMs: BLINK },
}));

const addresses: readonly Scenario[] = [
  {
    name: 'both families, a name with both kinds of address',
    network: 'dual-stack',
    servers: [{ ipv6: true, turn: [{ kind: 'coturn', ipv6: true }] }],
    zone: { [NAME]: [S1, S1V6] },
    command: ['gather', `turn:${NAME}`, ...LOGIN],
    expect: {
      first: 'none',
      candidates: ['host 4 udp', 'host 6 udp', 'relay 4 udp', 'srflx 4 udp'],
      exitCode: 0,
      withinMs: BLINK,
    },
  },
  {
    name: 'IPv6 alone',
    network: 'ipv6-only',
    servers: [{ ipv6: true, turn: [{ kind: 'coturn', ipv6: true }] }],
    zone: { [NAME]: [S1, S1V6] },
    command: ['gather', `turn:${NAME}`, ...LOGIN],
    expect: { first: 'none', candidates: ['host 6 udp', 'relay 4 udp'], exitCode: 0, withinMs: BLINK },
  },
  {
    name: 'IPv6 is there and broken, IPv4 works',
    network: 'ipv6-broken',
    servers: [{ ipv6: true, turn: [{ kind: 'coturn', ipv6: true }] }],
    zone: { [NAME]: [S1, S1V6] },
    command: ['gather', `turn:${NAME}`, ...LOGIN],
    expect: { first: 'net.ipv6-broken', locus: 'path', exitCode: 0, withinMs: 11_000 },
  },
  {
    name: 'near miss: an AAAA record, and a client without IPv6',
    network: 'eim-apdf',
    servers: [{ ipv6: true, turn: [{ kind: 'coturn', ipv6: true }] }],
    zone: { [NAME]: [S1, S1V6] },
    command: ['gather', `turn:${NAME}`, ...LOGIN],
    expect: {
      first: 'none',
      forbidden: ['net.ipv6-broken', 'dns.*', 'net.aaaa-not-served'],
      exitCode: 0,
      withinMs: BLINK,
    },
  },
  {
    name: 'the name leads to an IPv6 address only, the client has none',
    network: 'eim-apdf',
    servers: [{ ipv6: true, turn: [{ kind: 'coturn', ipv6: true }] }],
    zone: { [NAME]: [S1V6] },
    command: ['gather', `turn:${NAME}`, ...LOGIN],
    expect: { first: 'dns.no-usable-family', exitCode: 1, withinMs: BLINK },
  },
  {
    name: 'no such name',
    network: 'eim-apdf',
    servers: [GOOD],
    zone: {},
    command: ['gather', 'turn:nowhere.example.org', ...LOGIN],
    expect: { first: 'dns.not-found', confidence: 'certain', exitCode: 1, withinMs: BLINK },
  },
  {
    name: 'the resolver is silent for this name',
    network: 'eim-apdf',
    servers: [GOOD],
    zone: { [NAME]: 'silent' },
    command: ['gather', `turn:${NAME}`, ...LOGIN, '--timeout', '5'],
    expect: { first: 'dns.resolver-down', forbidden: ['dns.not-found'], exitCode: 1, withinMs: 8000 },
  },
  {
    name: 'one of two addresses is dead, the other works',
    network: 'eim-apdf',
    servers: [{ ...GOOD, firewall: [{ protocol: 'udp', ports: '3478', action: 'drop', address: S1B }] }],
    zone: { [NAME]: [S1B, S1] },
    command: ['gather', `turn:${NAME}`, ...LOGIN],
    expect: { first: 'net.one-address-bad', exitCode: 1, withinMs: 11_000 },
  },
];

const reachability: readonly Scenario[] = [
  {
    name: 'the port is closed',
    network: 'eim-apdf',
    servers: [GOOD],
    command: ['gather', `turn:${S1}:3999`, ...LOGIN],
    expect: {
      first: 'net.refused',
      locus: 'server',
      forbidden: ['net.server-silent', 'auth.*'],
      exitCode: 1,
      withinMs: BLINK,
    },
  },
  {
    name: 'near miss: a closed port beside a working one of the same account',
    network: 'eim-apdf',
    servers: [GOOD],
    command: ['gather', `turn:${S1}`, ...LOGIN],
    expect: { first: 'none', forbidden: ['net.refused'], exitCode: 0, withinMs: BLINK },
  },
  {
    name: 'nobody is there, another server answers',
    network: 'eim-apdf',
    servers: [GOOD],
    command: ['gather', `turn:${BLACK_HOLE}`, `stun:${S1}`, ...LOGIN],
    expect: { first: 'net.server-silent', locus: 'server', confidence: 'likely', exitCode: 1, withinMs: 11_000 },
  },
  {
    name: 'nobody is there, and nothing else was asked: where the fault lies is not known',
    network: 'eim-apdf',
    servers: [GOOD],
    command: ['gather', `turn:${BLACK_HOLE}`, ...LOGIN],
    expect: { first: 'net.server-silent', locus: 'unknown', confidence: 'possible', exitCode: 1, withinMs: 11_000 },
  },
  {
    name: 'no UDP: the relay over TCP works, and the report says why the rest does not',
    network: 'no-udp',
    servers: [GOOD, GOOD],
    command: ['gather', `turn:${S1}`, `turn:${S1}?transport=tcp`, `turn:${S2}`, `turn:${S2}?transport=tcp`, ...LOGIN],
    expect: {
      first: 'net.udp-blocked',
      locus: 'path',
      candidates: ['host 4 udp', 'relay 4 tcp'],
      exitCode: 0,
      withinMs: 11_000,
    },
  },
  {
    name: 'no UDP and no TCP URL: nothing works',
    network: 'no-udp',
    servers: [GOOD, GOOD],
    command: ['gather', `turn:${S1}`, `turn:${S2}`, ...LOGIN],
    expect: { first: ['net.udp-blocked', 'net.server-silent'], forbidden: ['auth.*'], exitCode: 1, withinMs: 11_000 },
  },
  {
    name: 'only TCP 443 gets out: the TLS relay there works',
    network: 'tcp-443-only',
    servers: [{ turn: [{ kind: 'coturn', tlsPort: 443, certificate: 'good' }] }, GOOD],
    zone: { [NAME]: [S1] },
    command: [
      'gather',
      `turn:${NAME}`,
      `turn:${NAME}?transport=tcp`,
      `turns:${NAME}:443?transport=tcp`,
      `stun:${S2}`,
      ...LOGIN,
      '--ca',
      '{ca}',
    ],
    expect: {
      first: 'net.udp-blocked',
      also: ['net.only-443'],
      candidates: ['host 4 udp', 'relay 4 tls'],
      exitCode: 0,
      withinMs: 11_000,
    },
  },
  {
    name: 'UDP is silent on one host alone',
    network: 'eim-apdf',
    servers: [{ ...GOOD, firewall: [{ protocol: 'udp', ports: '1-65535', action: 'drop' }] }, GOOD],
    command: ['gather', `turn:${S1}`, `turn:${S1}?transport=tcp`, `stun:${S2}`, ...LOGIN],
    expect: {
      first: 'net.udp-silent-here',
      locus: 'server',
      forbidden: ['net.udp-blocked'],
      exitCode: 1,
      withinMs: 11_000,
    },
  },
  {
    name: 'a web server answers',
    network: 'eim-apdf',
    servers: [
      {
        services: [
          { kind: 'answer', address: S1, port: 3478, text: 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n' },
        ],
      },
    ],
    command: ['gather', `turn:${S1}?transport=tcp`, ...LOGIN],
    expect: { first: 'net.not-a-stun-server', locus: 'server', exitCode: 1, withinMs: BLINK },
  },
  {
    name: 'an SSH server answers',
    network: 'eim-apdf',
    servers: [
      { services: [{ kind: 'banner', protocol: 'tcp', address: S1, port: 3478, text: 'SSH-2.0-OpenSSH_9.2p1\r\n' }] },
    ],
    command: ['gather', `turn:${S1}?transport=tcp`, ...LOGIN],
    expect: { first: 'net.not-a-stun-server', locus: 'server', exitCode: 1, withinMs: BLINK },
  },
  {
    name: 'the answer comes from another port',
    network: 'public',
    servers: [
      {
        turn: [{ kind: 'coturn' }],
        services: [
          { kind: 'answer-from-elsewhere', address: S1, port: 3500, from: 3501, target: { address: S1, port: 3478 } },
        ],
      },
    ],
    command: ['gather', `stun:${S1}:3500`],
    expect: { first: 'net.reply-from-elsewhere', exitCode: 1, withinMs: 11_000 },
  },
  {
    name: 'a source NAT stands in front of the server',
    network: 'eim-apdf',
    servers: [{ front: 'source-nat', turn: [{ kind: 'coturn', rfc5780: false }] }],
    command: ['gather', `stun:${S1}`],
    expect: { first: 'stun.private-mapped', locus: 'server', exitCode: 0, withinMs: BLINK },
  },
  {
    name: 'a captive portal answers in place of everybody',
    network: 'captive-portal',
    servers: [GOOD],
    command: ['gather', `turn:${S1}`, `turn:${S1}?transport=tcp`, ...LOGIN],
    expect: { first: ['net.captive-portal', 'net.not-a-stun-server'], exitCode: 1, withinMs: 11_000 },
  },
];

const credentials: readonly Scenario[] = [
  ...(['coturn', 'pion'] as const).flatMap((kind): Scenario[] => [
    {
      name: `${kind}: a wrong password`,
      network: 'eim-apdf',
      servers: [{ turn: [{ kind }] }],
      command: ['gather', `turn:${S1}`, '-u', 'alice', '-p', 'wrong'],
      expect: {
        first: 'auth.bad-credentials',
        confidence: kind === 'coturn' ? 'certain' : ['certain', 'likely'],
        forbidden: ['net.*', 'relay.not-turn'],
        exitCode: 1,
        withinMs: BLINK,
      },
    },
    {
      name: `${kind}: a wrong user`,
      network: 'apdm-apdf',
      servers: [{ turn: [{ kind }] }],
      command: ['gather', `turn:${S1}`, '-u', 'bob', '-p', 'secret'],
      expect: { first: 'auth.bad-credentials', forbidden: ['net.*', 'relay.not-turn'], exitCode: 1, withinMs: BLINK },
    },
  ]),
  {
    name: 'an expired credential',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', sharedSecret: 'deep' }] }],
    command: ['gather', `turn:${S1}`, ...restLogin('deep', -3600)],
    expect: { first: ['auth.expired', 'config.credential-expired'], exitCode: 1, withinMs: BLINK },
  },
  {
    name: 'near miss: an expiring credential that is still good',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', sharedSecret: 'deep' }] }],
    command: ['gather', `turn:${S1}`, ...restLogin('deep', 86_400)],
    expect: { first: 'none', forbidden: ['auth.*'], exitCode: 0, withinMs: BLINK },
  },
  {
    name: 'a credential of another secret',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', sharedSecret: 'deep' }] }],
    command: ['gather', `turn:${S1}`, ...restLogin('shallow', 86_400)],
    expect: { first: 'auth.bad-credentials', forbidden: ['auth.expired'], exitCode: 1, withinMs: BLINK },
  },
  {
    name: 'a server without TURN',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', extra: ['--stun-only'] }] }],
    command: ['gather', `turn:${S1}`, `stun:${S1}`, ...LOGIN],
    expect: {
      first: 'relay.not-turn',
      locus: 'server',
      forbidden: ['auth.*', 'net.server-silent'],
      exitCode: 1,
      withinMs: 11_000,
    },
  },
  {
    name: 'near miss: a server without TURN, asked for STUN alone',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', extra: ['--stun-only'] }] }],
    command: ['gather', `stun:${S1}`],
    expect: { first: 'none', candidates: ['host 4 udp', 'srflx 4 udp'], exitCode: 0, withinMs: BLINK },
  },
  {
    name: 'no realm',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'pion', realm: '' }] }],
    command: ['gather', `turn:${S1}`, ...LOGIN],
    expect: { first: 'auth.empty-realm', locus: 'server', exitCode: 1, withinMs: BLINK },
  },
];

const tls: readonly Scenario[] = (
  [
    ['good', 'none', 0],
    ['self-signed', 'tls.untrusted', 1],
    ['expired', 'tls.expired', 1],
    ['not-yet-valid', 'tls.not-yet-valid', 1],
    ['wrong-name', 'tls.name-mismatch', 1],
    ['missing-intermediate', 'tls.chain-incomplete', 1],
    ['expires-soon', 'tls.expires-soon', 0],
  ] as const
).map(([certificate, first, exitCode]) => ({
  name: `TLS certificate: ${certificate}`,
  network: 'eim-apdf',
  servers: [{ turn: [{ kind: 'coturn', certificate }] }],
  zone: { [NAME]: [S1] },
  command: ['gather', `turns:${NAME}?transport=tcp`, ...LOGIN, '--ca', '{ca}'],
  expect: {
    first,
    forbidden: ['net.*', 'auth.*'],
    ...(exitCode === 0 ? { candidates: ['host 4 udp', 'relay 4 tls'] } : {}),
    exitCode,
    withinMs: BLINK,
  },
}));

const tlsPorts: readonly Scenario[] = [
  {
    name: 'TLS asked of a port that speaks plain TCP',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'pion' }] }],
    zone: { [NAME]: [S1] },
    command: ['gather', `turns:${NAME}:3478?transport=tcp`, ...LOGIN, '--ca', '{ca}'],
    expect: { first: 'tls.tls-on-plain-port', exitCode: 1, withinMs: 11_000 },
  },
  {
    name: 'plain TCP asked of a port that speaks TLS',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'pion', transports: ['tls'], certificate: 'good' }] }],
    zone: { [NAME]: [S1] },
    command: ['gather', `turn:${NAME}:5349?transport=tcp`, ...LOGIN, '--ca', '{ca}'],
    expect: { first: 'tls.plain-on-tls-port', exitCode: 1, withinMs: 11_000 },
  },
  {
    name: 'nothing listens for TLS',
    network: 'eim-apdf',
    servers: [GOOD],
    zone: { [NAME]: [S1] },
    command: ['gather', `turn:${NAME}`, `turns:${NAME}`, ...LOGIN, '--ca', '{ca}'],
    expect: { first: 'tls.no-listener', locus: 'server', exitCode: 1, withinMs: BLINK },
  },
];

export const GATHER_SCENARIOS: readonly Scenario[] = [
  ...healthy,
  ...addresses,
  ...reachability,
  ...credentials,
  ...tls,
  ...tlsPorts,
];
