import type { Rule } from '../diagnose.ts';
import { relayAllocateRules } from './relay-allocate.ts';
import { relayDataRules } from './relay-data.ts';
import { relayLaterRules } from './relay-later.ts';
import { relaySoakRules } from './relay-soak.ts';

export const relayRules: readonly Rule[] = [
  ...relayAllocateRules,
  ...relayDataRules,
  ...relayLaterRules,
  ...relaySoakRules,
];
