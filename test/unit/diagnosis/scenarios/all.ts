import { authScenarios } from './auth.ts';
import { callScenarios } from './call.ts';
import { configScenarios } from './config.ts';
import { dnsScenarios } from './dns.ts';
import { furtherScenarios } from './further.ts';
import { iceScenarios } from './ice.ts';
import { netScenarios } from './net.ts';
import { relayScenarios } from './relay.ts';
import type { Scenario } from './scenario.ts';
import { stunNatScenarios } from './stun-nat.ts';
import { tlsScenarios } from './tls.ts';

/** For each finding what raises it, and what comes close and does not, as events. */
export const DIAGNOSIS_SCENARIOS: readonly Scenario[] = [
  ...callScenarios,
  ...configScenarios,
  ...dnsScenarios,
  ...netScenarios,
  ...tlsScenarios,
  ...authScenarios,
  ...relayScenarios,
  ...stunNatScenarios,
  ...iceScenarios,
  ...furtherScenarios,
];
