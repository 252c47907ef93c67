import type { AuditResult, RelayFeature, SoakEnd, SoakResult } from '../../../../src/core/attempt.ts';
import type { Run } from '../../../support/events.ts';
import { type Scenario, TURN, TURN_TCP, TURNS, turnRun } from './scenario.ts';

function audited(audit: Partial<AuditResult>, url = TURN): Run {
  const run = turnRun(url);
  run
    .attempt(url)
    .allocated()
    .pass('audit', { permissions: [], audit: { software: null, ...audit } });
  return run;
}

function amplifies(factor: number): Run {
  const requestBytes = 48;
  const answerBytes = factor * requestBytes;
  return audited({ amplification: { method: 'Binding', requestBytes, answers: 1, answerBytes, factor } });
}

function withFeature(feature: Partial<RelayFeature>): Run {
  const run = turnRun();
  const features = [{ feature: 'even-port', supported: true, detail: 'ports 50000 and 50001', ...feature } as const];
  run.attempt(TURN).allocated().pass('deep', { features });
  return run;
}

function soaked(soak: Partial<SoakResult>, url = TURN): Run {
  const run = turnRun(url);
  const renewals = { allocation: 1, permission: 2, channel: 2, nonce: 1 };
  const failed = soak.end !== undefined || soak.idle?.alive === false;
  run
    .attempt(url)
    .allocated()
    .stage('soak', failed ? 'fail' : 'pass', 'soaked', {
      ...(failed ? { cause: 'timeout' } : {}),
      soak: { seconds: 660, sent: 2640, received: 2640, renewals, lifetimeSeconds: 600, ...soak },
    });
  return run;
}

const ends = (what: SoakEnd['what']): Run => soaked({ end: { what, afterSeconds: 61.5, detail: 'as seen' } });

export const furtherScenarios: readonly Scenario[] = [
  {
    id: 'stun.amplification',
    raise: () => amplifies(6),
    finding: { confidence: 'certain' },
    near: [
      { name: 'coturn with all that it says by default', run: () => amplifies(2.9) },
      { name: 'nothing answered', run: () => audited({}) },
    ],
  },
  {
    id: 'stun.software-disclosed',
    raise: () => audited({ software: "Coturn-4.6.1 'Gorst'" }),
    finding: { severity: 'info' },
    near: [
      { name: 'a name without a version', run: () => audited({ software: 'Coturn' }) },
      { name: 'nothing', run: () => audited({}) },
    ],
  },
  {
    id: 'relay.feature-fails',
    raise: () => withFeature({ works: false, detail: 'granted port 50001' }),
    finding: { severity: 'warning', confidence: 'certain' },
    near: [
      { name: 'kept', run: () => withFeature({ works: true }) },
      { name: 'not supported', run: () => withFeature({ supported: false, detail: '420 Unknown Attribute' }) },
      { name: 'granted, and data not tried', run: () => withFeature({ feature: 'both-families' }) },
    ],
  },
  ...(['allocation', 'permission', 'channel'] as const).map(
    (what): Scenario => ({
      id: 'relay.ends-early',
      raise: () => ends(what),
      finding: { severity: 'error', locus: 'server', confidence: 'certain' },
      near: [{ name: 'data to the end', run: () => soaked({}) }],
    }),
  ),
  ...(['connection', 'path'] as const).map(
    (what): Scenario => ({
      id: 'relay.ends-early',
      raise: () => ends(what),
      finding: { locus: 'path', confidence: 'likely' },
      near: [{ name: 'lost packets, and data to the end', run: () => soaked({ received: 2000 }) }],
    }),
  ),
  {
    id: 'relay.idle-closed',
    raise: () => soaked({ idle: { seconds: 60, alive: false } }, TURN_TCP),
    near: [
      { name: 'alive after the pause', run: () => soaked({ idle: { seconds: 60, alive: true } }, TURN_TCP) },
      { name: 'UDP, where a NAT forgets', run: () => soaked({ idle: { seconds: 60, alive: false } }) },
    ],
  },
  {
    id: 'tls.old-version',
    raise: () => audited({ tlsVersions: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] }, TURNS),
    finding: { severity: 'warning', title: 'The server still takes old versions of TLS' },
    near: [{ name: 'new ones alone', run: () => audited({ tlsVersions: ['TLSv1.2', 'TLSv1.3'] }, TURNS) }],
  },
];
