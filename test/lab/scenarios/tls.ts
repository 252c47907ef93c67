import type { Scenario } from '../support/scenario.ts';
import { BLINK, GOOD, LOGIN, NAME, S1 } from './common.ts';

const CERTIFICATE_FINDINGS = [
  'tls.untrusted',
  'tls.expired',
  'tls.not-yet-valid',
  'tls.name-mismatch',
  'tls.chain-incomplete',
  'tls.expires-soon',
  'tls.old-version',
  'tls.handshake-failed',
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
  // Each is a near miss of all the others.
  misses: CERTIFICATE_FINDINGS.filter((id) => id !== first),
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
    expect: { first: 'tls.plain-on-tls-port', exitCode: 1, withinMs: 11_000 },
  },
  {
    name: 'plain TCP asked of a port that speaks TLS',
    misses: ['net.not-a-stun-server'],
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'pion', transports: ['tls'], certificate: 'good' }] }],
    zone: { [NAME]: [S1] },
    command: ['gather', `turn:${NAME}:5349?transport=tcp`, ...LOGIN, '--ca', '{ca}'],
    expect: { first: 'tls.tls-on-plain-port', exitCode: 1, withinMs: 11_000 },
  },
  {
    name: 'near miss: nothing listens at all, with TLS or without',
    misses: ['tls.no-listener', 'tls.plain-on-tls-port', 'tls.tls-on-plain-port'],
    network: 'eim-apdf',
    servers: [GOOD],
    zone: { [NAME]: [S1] },
    command: ['gather', `turn:${NAME}:4999`, `turns:${NAME}:4999`, ...LOGIN, '--ca', '{ca}'],
    expect: { first: 'net.refused', forbidden: ['tls.*'], exitCode: 1, withinMs: BLINK },
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

export const TLS: readonly Scenario[] = [...tls, ...tlsPorts];
