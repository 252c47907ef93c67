import { entries } from './entry.ts';

const SILENCE = ['ice.no-srflx', 'ice.no-relay', 'ice.slow-gathering'];

/** Names, the network and what answers at the other end. */
export const REACHABILITY = entries({
  'dns.not-found': { severity: 'error', locus: 'configuration', explains: SILENCE },
  'net.refused': { severity: 'error', locus: 'server', explains: SILENCE },
  'net.server-silent': { severity: 'error', locus: 'unknown', explains: SILENCE },
});
