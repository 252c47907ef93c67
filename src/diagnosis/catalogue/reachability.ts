import { entries, NOTHING_COMES } from './entry.ts';

const UNANSWERED = [...NOTHING_COMES, 'net.server-silent', 'net.unreachable', 'net.udp-blocked', 'ice.server-failed'];

/** Names and the network. */
export const REACHABILITY = entries({
  'net.no-network': {
    severity: 'error',
    locus: 'client',
    explains: [...UNANSWERED, 'dns.resolver-down', 'dns.not-found', 'net.proxy-required', 'dns.no-usable-family'],
  },
  'net.captive-portal': {
    severity: 'error',
    locus: 'path',
    explains: [...UNANSWERED, 'net.not-a-stun-server', 'tls.name-mismatch', 'tls.untrusted', 'tls.tls-on-plain-port'],
  },
  'net.lost-midway': {
    severity: 'error',
    locus: 'unknown',
    explains: [...UNANSWERED, 'net.refused', 'net.high-loss', 'relay.no-data', 'relay.channel-fails'],
  },
  'net.proxy-required': { severity: 'error', locus: 'path', explains: [...UNANSWERED, 'net.port-blocked'] },
  'dns.resolver-down': {
    severity: 'error',
    locus: 'client',
    explains: [...NOTHING_COMES, 'dns.not-found', 'dns.slow'],
  },
  'dns.no-usable-family': { severity: 'error', locus: 'client', explains: [...NOTHING_COMES, 'net.unreachable'] },
  'dns.split-horizon': { severity: 'warning', locus: 'configuration' },
  'dns.not-found': { severity: 'error', locus: 'configuration', explains: NOTHING_COMES },
  'dns.slow': { severity: 'warning', locus: 'client', explains: ['ice.slow-gathering'] },
  'net.only-443': {
    severity: 'info',
    locus: 'path',
    explains: [...UNANSWERED, 'net.udp-silent-here', 'net.port-blocked', 'net.ipv6-broken'],
    disarms: true,
  },
  'net.udp-blocked': {
    severity: 'error',
    locus: 'path',
    explains: [...NOTHING_COMES, 'net.server-silent', 'net.udp-silent-here', 'net.port-blocked', 'ice.server-failed'],
    // A mere warning where a relay works over TCP: the URLs over UDP need no second explanation then.
    disarms: true,
  },
  'net.udp-silent-here': { severity: 'error', locus: 'server', explains: NOTHING_COMES },
  'net.port-blocked': { severity: 'error', locus: 'unknown', explains: NOTHING_COMES },
  'net.nat64-literal': { severity: 'error', locus: 'configuration', explains: ['net.unreachable', ...NOTHING_COMES] },
  'net.unreachable': { severity: 'error', locus: 'unknown', explains: NOTHING_COMES },
  'net.reply-from-elsewhere': { severity: 'error', locus: 'server', explains: NOTHING_COMES },
  'net.not-a-stun-server': { severity: 'error', locus: 'configuration', explains: NOTHING_COMES },
  'net.one-address-bad': { severity: 'error', locus: 'server', explains: ['ice.slow-gathering'] },
  'net.refused': { severity: 'error', locus: 'server', explains: NOTHING_COMES },
  'net.tls-filtered': { severity: 'error', locus: 'path', explains: NOTHING_COMES },
  'net.server-silent': { severity: 'error', locus: 'unknown', explains: NOTHING_COMES },
  'net.ipv6-broken': { severity: 'warning', locus: 'client', explains: ['ice.slow-gathering', 'net.aaaa-not-served'] },
  'net.aaaa-not-served': { severity: 'warning', locus: 'server', explains: ['ice.slow-gathering'] },
  'net.nodes-differ': { severity: 'warning', locus: 'server' },
  'net.rate-limited': {
    severity: 'warning',
    locus: 'server',
    explains: ['ice.slow-gathering', 'relay.slow-allocate', 'net.high-loss'],
  },
  'net.high-loss': { severity: 'warning', locus: 'path' },
  'net.high-latency': { severity: 'warning', locus: 'path', explains: ['relay.slow-allocate', 'dns.slow'] },
  'net.jitter': { severity: 'warning', locus: 'path' },
  'net.path-mtu': { severity: 'warning', locus: 'path', explains: ['net.high-loss'] },
  'net.egress-filtered': { severity: 'warning', locus: 'client' },
  'net.vpn-route': { severity: 'info', locus: 'client' },
  'net.same-site': { severity: 'info', locus: 'client' },
});
