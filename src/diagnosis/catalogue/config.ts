import { entries, NOTHING_COMES } from './entry.ts';

export const CONFIG = entries({
  'config.url-syntax': { severity: 'error', locus: 'configuration', explains: NOTHING_COMES },
  'config.missing-credential': {
    severity: 'error',
    locus: 'configuration',
    explains: [...NOTHING_COMES, 'auth.bad-credentials', 'ice.server-failed'],
  },
  'config.relay-policy-without-turn': { severity: 'error', locus: 'configuration', explains: NOTHING_COMES },
  'config.credential-expired': { severity: 'error', locus: 'configuration', explains: ['ice.no-relay'] },
  'config.credential-expires-soon': { severity: 'warning', locus: 'configuration' },
  'config.dtls-unsupported': {
    severity: 'error',
    locus: 'configuration',
    explains: ['ice.server-failed', ...NOTHING_COMES],
  },
  'config.port-restricted': { severity: 'warning', locus: 'configuration' },
  'config.duplicate': { severity: 'warning', locus: 'configuration' },
  'config.too-many': { severity: 'warning', locus: 'configuration', explains: ['ice.slow-gathering'] },
  'config.dead-public-server': { severity: 'warning', locus: 'configuration' },
  'config.form': { severity: 'warning', locus: 'configuration' },
  'config.tls-needs-name': { severity: 'info', locus: 'configuration' },
  'config.no-tls-443': { severity: 'info', locus: 'configuration' },
});
