import { entries } from './entry.ts';

const NO_CANDIDATES = ['ice.no-srflx', 'ice.no-relay', 'ice.slow-gathering'];

export const CONFIG = entries({
  'config.url-syntax': { severity: 'error', locus: 'configuration', explains: NO_CANDIDATES },
  'config.missing-credential': {
    severity: 'error',
    locus: 'configuration',
    explains: ['ice.no-relay', 'ice.no-srflx', 'auth.bad-credentials'],
  },
  'config.relay-policy-without-turn': { severity: 'error', locus: 'configuration', explains: ['ice.no-relay'] },
  'config.credential-expired': { severity: 'error', locus: 'configuration', explains: ['ice.no-relay'] },
  'config.credential-expires-soon': { severity: 'warning', locus: 'configuration' },
  'config.dtls-unsupported': { severity: 'warning', locus: 'configuration' },
  'config.port-restricted': { severity: 'warning', locus: 'configuration' },
  'config.duplicate': { severity: 'warning', locus: 'configuration' },
  'config.too-many': { severity: 'warning', locus: 'configuration', explains: ['ice.slow-gathering'] },
  'config.dead-public-server': {
    severity: 'warning',
    locus: 'configuration',
    explains: [],
  },
  'config.form': { severity: 'warning', locus: 'configuration' },
  'config.tls-needs-name': { severity: 'info', locus: 'configuration' },
  'config.no-tls-443': { severity: 'info', locus: 'configuration' },
});
