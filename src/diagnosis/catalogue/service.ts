import { entries, NOTHING_COMES } from './entry.ts';

const NO_ALLOCATION = ['ice.no-relay', 'ice.no-srflx'];
const NO_MEDIA = ['net.high-loss', 'relay.channel-fails', 'relay.bandwidth-capped'];

/** What a server answers: TLS, authentication, relaying, STUN; then the NAT, and what gathering made of it all. */
export const SERVICE = entries({
  'tls.no-listener': { severity: 'error', locus: 'server', explains: NOTHING_COMES },
  'tls.plain-on-tls-port': { severity: 'error', locus: 'server', explains: NOTHING_COMES },
  'tls.tls-on-plain-port': { severity: 'error', locus: 'configuration', explains: NOTHING_COMES },
  'tls.intercepted': {
    severity: 'warning',
    locus: 'path',
    explains: ['tls.untrusted', 'tls.name-mismatch'],
    disarms: true,
  },
  'tls.expired': { severity: 'error', locus: 'server', explains: NOTHING_COMES },
  'tls.not-yet-valid': { severity: 'error', locus: 'server', explains: NOTHING_COMES },
  'tls.chain-incomplete': { severity: 'error', locus: 'server', explains: NOTHING_COMES },
  'tls.untrusted': { severity: 'error', locus: 'server', explains: NOTHING_COMES },
  'tls.name-mismatch': { severity: 'error', locus: 'server', explains: [...NOTHING_COMES, 'config.tls-needs-name'] },
  'tls.old-version': { severity: 'warning', locus: 'server' },
  'tls.handshake-failed': { severity: 'error', locus: 'server', explains: NOTHING_COMES },
  'tls.expires-soon': { severity: 'warning', locus: 'server' },

  'auth.open-relay': { severity: 'error', locus: 'server' },
  'auth.expired': {
    severity: 'error',
    locus: 'configuration',
    explains: [...NO_ALLOCATION, 'config.credential-expired', 'auth.bad-credentials', 'auth.clock-skew'],
  },
  'auth.wrong-mechanism': {
    severity: 'error',
    locus: 'configuration',
    explains: [...NO_ALLOCATION, 'auth.bad-credentials'],
  },
  'auth.bad-credentials': { severity: 'error', locus: 'configuration', explains: NO_ALLOCATION },
  'auth.empty-realm': { severity: 'error', locus: 'server', explains: [...NO_ALLOCATION, 'auth.bad-credentials'] },
  'auth.nonce-loop': { severity: 'error', locus: 'server', explains: NO_ALLOCATION },
  'auth.bad-response-integrity': { severity: 'error', locus: 'server', explains: NO_ALLOCATION },
  'auth.clock-skew': { severity: 'warning', locus: 'unknown', explains: ['config.credential-expires-soon'] },

  'relay.not-turn': { severity: 'error', locus: 'server', explains: ['ice.no-relay'] },
  'relay.redirect-loop': { severity: 'error', locus: 'server', explains: [...NO_ALLOCATION, 'relay.redirected'] },
  'relay.quota': { severity: 'error', locus: 'server', explains: NO_ALLOCATION },
  'relay.capacity': { severity: 'error', locus: 'server', explains: NO_ALLOCATION },
  'relay.udp-unsupported': { severity: 'error', locus: 'server', explains: NO_ALLOCATION },
  'relay.mismatch': { severity: 'error', locus: 'server', explains: NO_ALLOCATION },
  'relay.family-unsupported': { severity: 'warning', locus: 'server' },
  'relay.private-address': {
    severity: 'error',
    locus: 'server',
    explains: ['relay.no-data', 'relay.address-wrong', 'relay.inbound-blocked'],
  },
  'relay.address-wrong': {
    severity: 'error',
    locus: 'server',
    explains: ['relay.no-data', 'relay.inbound-blocked', ...NO_MEDIA],
  },
  'relay.port-range-mismatch': {
    severity: 'error',
    locus: 'server',
    explains: ['relay.inbound-blocked', 'relay.no-data', ...NO_MEDIA],
  },
  'relay.no-data': { severity: 'error', locus: 'server', explains: NO_MEDIA },
  'relay.inbound-blocked': { severity: 'error', locus: 'server' },
  'relay.channel-fails': { severity: 'error', locus: 'server' },
  'relay.refresh-fails': { severity: 'error', locus: 'server' },
  'relay.ends-early': { severity: 'error', locus: 'server' },
  'relay.idle-closed': { severity: 'error', locus: 'path' },
  'relay.peer-forbidden': { severity: 'warning', locus: 'server' },
  'relay.open-to-private': { severity: 'warning', locus: 'server' },
  'relay.bandwidth-capped': { severity: 'warning', locus: 'server' },
  'relay.feature-fails': { severity: 'warning', locus: 'server' },
  'relay.slow-allocate': { severity: 'warning', locus: 'server' },
  'relay.redirected': { severity: 'info', locus: 'server' },

  'stun.private-mapped': { severity: 'warning', locus: 'server' },
  'stun.alg-rewrites': { severity: 'warning', locus: 'path' },
  'stun.malformed': { severity: 'warning', locus: 'server' },
  'stun.amplification': { severity: 'warning', locus: 'server' },
  'stun.software-disclosed': { severity: 'info', locus: 'server' },

  'nat.address-dependent-mapping': { severity: 'warning', locus: 'path' },
  'nat.unstable-address': { severity: 'warning', locus: 'path', explains: ['nat.address-dependent-mapping'] },
  'nat.short-binding': { severity: 'warning', locus: 'path' },
  'nat.carrier-grade': { severity: 'info', locus: 'path' },
  'nat.double': { severity: 'info', locus: 'path' },
  'nat.no-hairpin': { severity: 'info', locus: 'path' },
  'nat.none': { severity: 'ok', locus: 'client' },

  'ice.server-failed': { severity: 'error', locus: 'unknown', explains: NOTHING_COMES },
  'ice.no-relay': { severity: 'error', locus: 'unknown' },
  'ice.no-srflx': { severity: 'warning', locus: 'unknown' },
  'ice.slow-gathering': { severity: 'warning', locus: 'unknown' },
  'ice.host-hidden': { severity: 'info', locus: 'client' },
});
