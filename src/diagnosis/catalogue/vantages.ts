import { entries } from './entry.ts';

/** What only the look from two places shows. */
export const VANTAGES = entries({
  'ice.vantages-differ': { severity: 'warning', locus: 'unknown', explains: ['ice.no-relay', 'ice.no-srflx'] },
});
