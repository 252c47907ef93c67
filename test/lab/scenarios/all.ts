import type { Scenario } from '../support/scenario.ts';
import { CREDENTIALS } from './credentials.ts';
import { HEALTHY } from './healthy.ts';
import { NAMES } from './names.ts';
import { REACHABILITY } from './reachability.ts';
import { TLS } from './tls.ts';

/** What must be said, situation by situation. */
export const SCENARIOS: readonly Scenario[] = [...HEALTHY, ...NAMES, ...REACHABILITY, ...CREDENTIALS, ...TLS];
