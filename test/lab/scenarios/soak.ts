import type { Scenario } from '../support/scenario.ts';
import { LOGIN, S1 } from './common.ts';

const WITHIN = 60_000;
const SHORT = ['--soak', '0.1', '--ports', '0'] as const;
/** A rate that is kept up for two seconds. */
export const RATED = ['--duration', '2', '--packets', '10', '--size', '1000', '--rate', '300', '--ports', '0'] as const;
const HOME = { nats: [{ mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' }] } as const;
const BALANCER = (idleMs: number) =>
  ({ kind: 'balancer', address: S1, port: 3480, target: { address: S1, port: 3478 }, idleMs }) as const;

/** Long calls, made short by lifetimes that are. */
export const SOAKS: readonly Scenario[] = [
  ...(
    [
      ['permissions that live for three seconds', 'iceprobe', 'lifetime:permission=3', 'permission'],
      [
        'coturn: channels, and with them permissions, that live for four seconds',
        'coturn',
        '--channel-lifetime=4',
        'permission',
      ],
      ['a server that forgets its allocations', 'iceprobe', 'allocation:lost=3', 'allocation'],
      ['a server that renews an allocation once', 'iceprobe', 'refresh:437@2+', 'allocation'],
    ] as const
  ).map(([name, kind, extra, what]): Scenario => {
    const short = what === 'allocation' ? ['--fault', 'lifetime:allocation=4'] : [];
    return {
      name: `soak: ${name}`,
      network: 'eim-apdf',
      servers: [{ turn: [{ kind, extra: kind === 'coturn' ? [extra] : ['--fault', extra, ...short] }] }],
      command: ['probe', `turn:${S1}`, ...LOGIN, '--soak', '0.2', '--ports', '0', '--duration', '1'],
      misses: ['relay.no-data', 'relay.bandwidth-capped'],
      expect: {
        first: 'relay.ends-early',
        locus: 'server',
        confidence: 'certain',
        report: { findings: [{ id: 'relay.ends-early', params: { what } }] },
        exitCode: 1,
        withinMs: WITHIN,
      },
    };
  }),
  {
    name: 'soak, near miss: a nonce for two seconds and an allocation for four, both renewed',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'iceprobe', extra: ['--fault', 'nonce:2', '--fault', 'lifetime:allocation=4'] }] }],
    command: ['probe', `turn:${S1}`, `turn:${S1}?transport=tcp`, ...LOGIN, ...SHORT],
    misses: [
      'relay.ends-early',
      'relay.idle-closed',
      'relay.refresh-fails',
      'auth.nonce-loop',
      'relay.bandwidth-capped',
    ],
    expect: {
      first: 'none',
      report: { servers: [{ attempts: [{ stages: [{ stage: 'soak', status: 'pass' }] }] }] },
      exitCode: 0,
      withinMs: WITHIN,
    },
  },
  {
    name: 'soak: a load balancer resets connections that are quiet for three seconds',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn' }], services: [BALANCER(3000)] }],
    command: [
      'probe',
      `turn:${S1}`,
      `turn:${S1}:3480?transport=tcp`,
      ...LOGIN,
      '--soak',
      '0.2',
      '--ports',
      '0',
      '--duration',
      '1',
    ],
    misses: ['relay.ends-early'],
    expect: { first: 'relay.idle-closed', locus: 'path', confidence: 'likely', exitCode: 1, withinMs: WITHIN },
  },
  {
    name: 'soak, near miss: a load balancer that is patient',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn' }], services: [BALANCER(60_000)] }],
    command: ['probe', `turn:${S1}`, `turn:${S1}:3480?transport=tcp`, ...LOGIN, ...SHORT],
    misses: ['relay.idle-closed', 'relay.ends-early'],
    expect: { first: 'none', exitCode: 0, withinMs: WITHIN },
  },
];

/** What arrives of a rate that is kept up. */
export const RATES: readonly Scenario[] = [
  {
    name: 'duration: a relay that passes a part of what is sent',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn', extra: ['--max-bps=150000'] }] }],
    command: ['probe', `turn:${S1}`, ...LOGIN, ...RATED],
    misses: ['net.high-loss', 'relay.no-data'],
    expect: { first: 'relay.bandwidth-capped', exitCode: 0, withinMs: WITHIN },
  },
  {
    name: 'duration, near miss: the same rate, and nothing that limits it',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'coturn' }] }],
    command: ['probe', `turn:${S1}`, ...LOGIN, ...RATED],
    misses: ['relay.bandwidth-capped'],
    expect: { first: 'none', exitCode: 0, withinMs: WITHIN },
  },
  {
    name: 'duration, near miss: a path that loses a fifth at any rate',
    network: { ...HOME, lossPercent: 20 },
    servers: [{ turn: [{ kind: 'coturn' }] }],
    command: [
      'probe',
      `turn:${S1}`,
      ...LOGIN,
      '--duration',
      '2',
      '--packets',
      '100',
      '--ports',
      '0',
      '--timeout',
      '30',
    ],
    misses: ['relay.bandwidth-capped', 'relay.no-data'],
    expect: { first: 'net.high-loss', exitCode: 0, withinMs: WITHIN },
  },
];
