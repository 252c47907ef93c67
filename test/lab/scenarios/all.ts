import type { Scenario } from '../support/scenario.ts';
import { CREDENTIALS } from './credentials.ts';
import { CHANGING_ADDRESSES, HEALTHY } from './healthy.ts';
import { NAMES } from './names.ts';
import { REACHABILITY } from './reachability.ts';
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
