import { entries } from './entry.ts';

/** What a server answers: authentication, relaying, STUN, and what gathering made of it. */
export const SERVICE = entries({
  'auth.expired': {
    severity: 'error',
    locus: 'configuration',
    explains: ['config.credential-expired', 'auth.bad-credentials', 'ice.no-relay', 'ice.no-srflx'],
  },
  'auth.bad-credentials': { severity: 'error', locus: 'configuration', explains: ['ice.no-relay', 'ice.no-srflx'] },
  'relay.not-turn': { severity: 'error', locus: 'server', explains: ['ice.no-relay'] },
  'ice.no-relay': { severity: 'error', locus: 'unknown' },
  'ice.no-srflx': { severity: 'warning', locus: 'unknown' },
});
