import type { Rule } from '../diagnose.ts';
import { familyRules } from './net-families.ts';
import { lostRules } from './net-lost.ts';
import { placeRules } from './net-place.ts';
import { portRules } from './net-ports.ts';
import { qualityRules } from './net-quality.ts';
import { rateRules } from './net-rate.ts';
import { silenceRules } from './net-silence.ts';

export const netRules: readonly Rule[] = [
  ...placeRules,
  ...silenceRules,
  ...portRules,
  ...familyRules,
  ...qualityRules,
  ...rateRules,
  ...lostRules,
];
