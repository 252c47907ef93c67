import type { Scenario } from '../support/scenario.ts';
import { AUDITS } from './audit.ts';
import { CREDENTIALS } from './credentials.ts';
import { DEEP } from './deep.ts';
import { FINDINGS } from './findings.ts';
import { CHANGING_ADDRESSES, HEALTHY } from './healthy.ts';
import { NAMES } from './names.ts';
import { REACHABILITY } from './reachability.ts';
import { RELAY } from './relay.ts';
import { RATES, SOAKS } from './soak.ts';
import { TLS } from './tls.ts';

/** What must be said, situation by situation. */
export const SCENARIOS: readonly Scenario[] = [
  ...HEALTHY,
  ...CHANGING_ADDRESSES,
  ...NAMES,
  ...REACHABILITY,
  ...CREDENTIALS,
  ...TLS,
];

/** Those and the ones that other test files run. */
export const EVERY_SCENARIO: readonly Scenario[] = [
  ...SCENARIOS,
  ...RELAY,
  ...FINDINGS,
  ...AUDITS,
  ...DEEP,
  ...SOAKS,
  ...RATES,
];
