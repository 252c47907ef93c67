import { BLACK_HOLE, PROXY } from '../support/network.ts';
import type { Scenario } from '../support/scenario.ts';
import { BLINK, GOOD, LOGIN, NAME, S1, S2 } from './common.ts';

export const REACHABILITY: readonly Scenario[] = [
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
      first: ['none', 'net.udp-blocked'],
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
    expect: { first: 'net.not-a-stun-server', locus: ['server', 'configuration'], exitCode: 1, withinMs: BLINK },
  },
  {
    name: 'an SSH server answers',
    network: 'eim-apdf',
    servers: [
      { services: [{ kind: 'banner', protocol: 'tcp', address: S1, port: 3478, text: 'SSH-2.0-OpenSSH_9.2p1\r\n' }] },
    ],
    command: ['gather', `turn:${S1}?transport=tcp`, ...LOGIN],
    expect: { first: 'net.not-a-stun-server', locus: ['server', 'configuration'], exitCode: 1, withinMs: BLINK },
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
    name: 'a router rewrites addresses inside packets',
    network: 'alg',
    servers: [GOOD],
    command: ['gather', `stun:${S1}`],
    expect: { first: 'stun.alg-rewrites', exitCode: 0, withinMs: BLINK },
  },
  {
    name: 'TLS is reset on its way, plain TCP is not',
    network: 'tls-filtered',
    servers: [{ turn: [{ kind: 'coturn', certificate: 'good' }] }],
    zone: { [NAME]: [S1] },
    command: ['gather', `turns:${NAME}?transport=tcp`, `turn:${NAME}?transport=tcp`, ...LOGIN, '--ca', '{ca}'],
    expect: { first: 'net.tls-filtered', exitCode: 1, withinMs: BLINK },
  },
  {
    name: 'nothing gets out but through a proxy',
    network: 'proxy-only',
    servers: [{ turn: [{ kind: 'coturn', tlsPort: 443, certificate: 'good' }] }],
    zone: { [NAME]: [S1] },
    command: ['gather', `turns:${NAME}:443?transport=tcp`, ...LOGIN, '--ca', '{ca}'],
    env: { HTTPS_PROXY: `http://${PROXY.address}:${PROXY.port}` },
    expect: { first: 'net.proxy-required', exitCode: 1, withinMs: 11_000 },
  },
  {
    name: 'the default route runs through a tunnel, and what is sent from beside it gets no answer',
    network: 'vpn',
    servers: [GOOD],
    command: ['gather', `stun:${S1}`, `turn:${S1}`, ...LOGIN],
    expect: {
      first: 'ice.slow-gathering',
      also: ['net.vpn-route'],
      candidates: ['host 4 udp', 'relay 4 udp', 'srflx 4 udp'],
      exitCode: 0,
      withinMs: 11_000,
    },
  },
  {
    name: 'a captive portal answers in place of everybody',
    network: 'captive-portal',
    servers: [GOOD],
    command: ['gather', `turn:${S1}`, `turn:${S1}?transport=tcp`, ...LOGIN],
    expect: { first: ['net.captive-portal', 'net.not-a-stun-server'], exitCode: 1, withinMs: 11_000 },
  },
];
