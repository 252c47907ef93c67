import type { AuditResult, RelayFeature } from '../../../../src/core/attempt.ts';
import type { Run } from '../../../support/events.ts';
import { type Scenario, TURN, TURNS, turnRun } from './scenario.ts';

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

export const auditScenarios: readonly Scenario[] = [
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
  {
    id: 'tls.old-version',
    raise: () => audited({ tlsVersions: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] }, TURNS),
    finding: { severity: 'warning', title: 'The server still takes old versions of TLS' },
    near: [{ name: 'new ones alone', run: () => audited({ tlsVersions: ['TLSv1.2', 'TLSv1.3'] }, TURNS) }],
  },
];
