import type { Scenario } from '../support/scenario.ts';
import { LOGIN, NAME, S1 } from './common.ts';

const WITHIN = 12_000;
const PRIVATE_DENIED = [
  '10.0.0.0-10.255.255.255',
  '172.16.0.0-172.31.255.255',
  '192.168.0.0-192.168.255.255',
  '100.64.0.0-100.127.255.255',
  '169.254.0.0-169.254.255.255',
].map((range) => `--denied-peer-ip=${range}`);
const AUDIT = ['probe', `turn:${S1}`, ...LOGIN, '--audit', '--ports', '0'] as const;

/** What an owner asks of a server. Without `--audit` none of it is asked. */
export const AUDITS: readonly Scenario[] = [
  {
    name: 'audit: a relay that lets into the network behind it',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn' }] }],
    command: AUDIT,
    expect: {
      first: 'relay.open-to-private',
      confidence: 'possible',
      locus: 'server',
      also: ['stun.software-disclosed'],
      // Nobody of ours stands there, so nobody is sent anything.
      report: { findings: [{ id: 'relay.open-to-private', params: { reached: [] } }] },
      exitCode: 0,
      withinMs: WITHIN,
    },
  },
  {
    name: 'audit, on the server itself: a relay that reaches its loopback',
    network: 'public',
    servers: [{ turn: [{ kind: 'coturn', extra: ['--allow-loopback-peers', ...PRIVATE_DENIED] }] }],
    command: AUDIT,
    at: 'server1',
    expect: {
      first: 'relay.open-to-private',
      confidence: 'certain',
      report: { findings: [{ id: 'relay.open-to-private', params: { reached: ['127.0.0.1'] } }] },
      exitCode: 0,
      withinMs: WITHIN,
    },
  },
  {
    name: 'audit, near miss, on the server itself: loopback and private peers are denied',
    network: 'public',
    servers: [{ turn: [{ kind: 'coturn', extra: [...PRIVATE_DENIED, '--no-software-attribute'] }] }],
    command: AUDIT,
    at: 'server1',
    misses: ['relay.open-to-private', 'stun.software-disclosed', 'stun.amplification'],
    expect: { first: 'none', exitCode: 0, withinMs: WITHIN },
  },
  {
    name: 'audit, near miss: the own server, as it comes',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'iceprobe', certificate: 'good' }] }],
    zone: { [NAME]: [S1] },
    command: ['doctor', `turn:${S1}`, `turns:${NAME}`, ...LOGIN, '--audit', '--ca', '{ca}'],
    misses: ['relay.open-to-private', 'stun.amplification', 'tls.old-version', 'auth.open-relay'],
    expect: { first: 'none', exitCode: 0, withinMs: WITHIN },
  },
  {
    name: 'near miss: the same relay, without --audit',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn' }] }],
    command: ['probe', `turn:${S1}`, ...LOGIN, '--ports', '0'],
    misses: ['relay.open-to-private', 'stun.software-disclosed', 'relay.peer-forbidden'],
    expect: { first: 'none', exitCode: 0, withinMs: WITHIN },
  },
  {
    name: 'audit: a long realm, for all who ask in the name of others',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', realm: 'r'.repeat(120), extra: PRIVATE_DENIED }] }],
    command: AUDIT,
    expect: { first: 'stun.amplification', confidence: 'certain', locus: 'server', exitCode: 0, withinMs: WITHIN },
  },
  {
    name: 'audit: old versions of TLS beside new ones',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'iceprobe', certificate: 'good', extra: ['--fault', 'tls:old-versions-too'] }] }],
    zone: { [NAME]: [S1] },
    command: ['probe', `turns:${NAME}`, ...LOGIN, '--audit', '--ca', '{ca}'],
    expect: { first: 'tls.old-version', confidence: 'certain', locus: 'server', exitCode: 0, withinMs: WITHIN },
  },
];
