import type { RelayFeature } from '../../../src/core/attempt.ts';
import type { Scenario, ScenarioTurn } from '../support/scenario.ts';
import { LOGIN, S1 } from './common.ts';

const WITHIN = 20_000;

/** What of each feature is told, over UDP and TCP alike. */
type Told = Partial<Record<RelayFeature['feature'], Pick<RelayFeature, 'supported' | 'works'>>>;

const YES = { supported: true, works: true } as const;
const NO = { supported: false } as const;

function deep(name: string, network: Scenario['network'], turn: ScenarioTurn, told: Told): Scenario {
  const features = Object.entries(told).map(([feature, each]) => ({ feature, ...each }));
  const stage = (some: readonly object[]) => ({
    attempts: [{ stages: [{ stage: 'deep', data: { features: some } }] }],
  });
  const overUdp = features.filter(({ feature }) => feature !== 'tcp-allocation');
  return {
    name: `deep: ${name}`,
    network,
    servers: [{ ipv6: turn.ipv6 === true, turn: [turn] }],
    command: ['probe', `turn:${S1}?transport=tcp`, `turn:${S1}`, ...LOGIN, '--deep', '--ports', '0'],
    misses: ['relay.feature-fails', 'relay.no-data', 'relay.family-unsupported'],
    expect: {
      first: 'none',
      report: {
        servers: [
          { url: `turn:${S1}?transport=tcp`, ...stage(features) },
          { url: `turn:${S1}`, ...stage([...overUdp, { feature: 'tcp-allocation', supported: null }]) },
        ],
      },
      exitCode: 0,
      withinMs: WITHIN,
    },
  };
}

export const DEEP: readonly Scenario[] = [
  deep(
    'coturn, with all that it has, to a client without a NAT',
    { ipv6: 'works' },
    { kind: 'coturn', ipv6: true, extra: ['--mobility'] },
    {
      'tcp-allocation': YES,
      'both-families': YES,
      'dont-fragment': YES,
      'even-port': YES,
      mobility: { supported: true },
    },
  ),
  deep(
    'coturn without TCP relaying, IPv6 and mobility, behind a NAT',
    'eim-apdf',
    { kind: 'coturn', extra: ['--no-tcp-relay'] },
    {
      'tcp-allocation': NO,
      'both-families': NO,
      'dont-fragment': YES,
      'even-port': YES,
      mobility: NO,
    },
  ),
  deep(
    'the own server, behind a NAT',
    'eim-apdf',
    { kind: 'iceprobe' },
    {
      'tcp-allocation': YES,
      'both-families': NO,
      'dont-fragment': NO,
      'even-port': YES,
      mobility: NO,
    },
  ),
  pionForgets(
    deep(
      'pion, which does not keep the ports that it reserves',
      'eim-apdf',
      { kind: 'pion' },
      {
        'tcp-allocation': NO,
        'both-families': NO,
        'dont-fragment': NO,
        'even-port': { supported: true, works: false },
        mobility: NO,
      },
    ),
  ),
  {
    name: 'deep: TCP allocations that are granted and cannot be used',
    network: 'eim-apdf',
    servers: [{ turn: [{ kind: 'iceprobe', extra: ['--fault', 'connection-bind:400'] }] }],
    command: ['probe', `turn:${S1}?transport=tcp`, ...LOGIN, '--deep', '--ports', '0'],
    expect: {
      first: 'relay.feature-fails',
      locus: 'server',
      report: { findings: [{ id: 'relay.feature-fails', params: { features: ['tcp-allocation'] } }] },
      exitCode: 0,
      withinMs: WITHIN,
    },
  },
];

/** It gives out tokens for the next port, and takes any port when one comes back: a finding, and a right one. */
function pionForgets(scenario: Scenario): Scenario {
  const expected = { ...scenario.expect, first: 'relay.feature-fails', confidence: 'certain' } as const;
  return { ...scenario, misses: ['relay.no-data'], expect: expected };
}
