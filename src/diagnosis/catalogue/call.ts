import { entries } from './entry.ts';

/** What real peer connections show. */
export const CALL = entries({
  'call.stack-crashed': { severity: 'error', locus: 'client' },
  'call.no-path': { severity: 'error', locus: 'path' },
  'call.one-way': { severity: 'error', locus: 'path' },
  'call.dtls-failed': { severity: 'error', locus: 'path' },
  'call.late-candidates': { severity: 'error', locus: 'client' },
  'call.consent-lost': { severity: 'error', locus: 'path' },
  'call.slow-connect': { severity: 'warning', locus: 'unknown' },
  'call.relay-only': { severity: 'info', locus: 'path' },
});
