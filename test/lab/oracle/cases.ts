import type { BrowserName } from '../../support/browser.ts';
import { NAME, S1, S1V6, S2 } from '../scenarios/common.ts';
import { BLACK_HOLE } from '../support/network.ts';
import type { NetworkName } from '../support/networks.ts';
import type { DifferenceId } from './differences.ts';

/** One configuration in one network, gathered by a browser and by iceprobe, one after the other, on the same host. */
export interface OracleCase {
  readonly id: string;
  /** For the page. */
  readonly title: string;
  readonly network: NetworkName;
  readonly urls: readonly string[];
  readonly password?: 'wrong';
  readonly policy?: 'relay';
  readonly poolSize?: number;
  /** Default: the page may use a camera, so browsers gather on every interface; else on that of the default route. */
  readonly camera?: false;
  /** Where the browser completes late or never: it is asked what it has after this time. */
  readonly cutMs?: number;
  /** What must stand among the findings. */
  readonly finding?: RegExp;
  /** The browsers that are asked, and how each differs. Anything else fails the test, and so does what does not show. */
  readonly differs: Partial<Record<BrowserName, readonly DifferenceId[]>>;
}

/** For a port that Chromium forbids. */
export const LOW_PORT = 79;

const STUN = `stun:${NAME}`;
const UDP = `turn:${NAME}`;
const TCP = `turn:${NAME}?transport=tcp`;
const TLS = `turns:${NAME}`;
export const SEVERAL: readonly string[] = [STUN, UDP, TCP];

export const CASES: readonly OracleCase[] = [
  { id: 'stun', title: 'STUN alone', network: 'eim-apdf', urls: [`stun:${S1}`], differs: { chromium: [] } },
  { id: 'turn-udp', title: 'TURN over UDP', network: 'eim-apdf', urls: [UDP], differs: { chromium: [] } },
  { id: 'turn-tcp', title: 'TURN over TCP', network: 'eim-apdf', urls: [TCP], differs: { chromium: [] } },
  { id: 'turns', title: 'TURN over TLS', network: 'eim-apdf', urls: [TLS], differs: { chromium: [] } },
  {
    id: 'all-transports',
    title: 'STUN and TURN over UDP, TCP and TLS, of two hosts',
    network: 'eim-apdf',
    urls: [STUN, `stun:${S2}`, UDP, TCP, TLS, `turn:${S2}`],
    differs: { chromium: [] },
  },
  {
    id: 'two-hosts',
    title: 'STUN and TURN over UDP and TCP, of two hosts',
    network: 'eim-apdf',
    urls: [STUN, UDP, TCP, `turn:${S2}`],
    differs: { firefox: [] },
  },
  {
    id: 'relay-policy',
    title: 'the policy `relay`',
    network: 'eim-apdf',
    urls: [STUN, UDP, TCP],
    policy: 'relay',
    differs: { chromium: [], firefox: [] },
  },
  {
    id: 'pool',
    title: 'a pool of two (`iceCandidatePoolSize`)',
    network: 'eim-apdf',
    urls: [STUN, UDP],
    poolSize: 2,
    differs: { chromium: [] },
  },
  {
    id: 'wrong-password',
    title: 'a wrong password',
    network: 'eim-apdf',
    urls: [UDP, TCP],
    password: 'wrong',
    finding: /^auth\.bad-credentials$/,
    differs: { chromium: [], firefox: ['mapped-though-refused'] },
  },
  {
    id: 'refused',
    title: 'a closed port beside a server that works',
    network: 'eim-apdf',
    urls: [`turn:${S2}:4999?transport=tcp`, UDP],
    finding: /^net\.refused$/,
    differs: { chromium: [] },
  },
  {
    id: 'dead',
    title: 'a silent server beside one that works',
    network: 'eim-apdf',
    urls: [`stun:${BLACK_HOLE}`, `turn:${BLACK_HOLE}`, UDP],
    cutMs: 6000,
    finding: /^net\.server-silent$/,
    differs: { chromium: [] },
  },
  {
    id: 'no-name',
    title: 'a name that does not exist, beside a server that works',
    network: 'eim-apdf',
    urls: ['stun:nowhere.example.org', UDP],
    finding: /^dns\.not-found$/,
    differs: { chromium: [] },
  },
  {
    id: 'stuns',
    title: 'STUN over TLS',
    network: 'eim-apdf',
    urls: [`stuns:${NAME}`],
    differs: { chromium: ['stuns-over-udp'] },
  },
  {
    id: 'dtls',
    title: 'TURN over DTLS',
    network: 'eim-apdf',
    urls: [`turns:${NAME}?transport=udp`],
    finding: /^config\.dtls-unsupported$/,
    differs: { chromium: ['dtls-as-tls'] },
  },
  {
    id: 'low-port',
    title: `TURN on port ${LOW_PORT}`,
    network: 'eim-apdf',
    urls: [`turn:${S2}:${LOW_PORT}`],
    cutMs: 4000,
    finding: /^config\.port-restricted$/,
    differs: { chromium: ['forbidden-port'] },
  },
  {
    id: 'public',
    title: 'a public address, so that the mapped one is redundant',
    network: 'public',
    urls: [STUN, UDP, TCP],
    differs: { chromium: [] },
  },
  {
    id: 'symmetric',
    title: 'a NAT with another mapping for each destination',
    network: 'apdm-apdf',
    urls: [STUN, `stun:${S2}`, UDP, TCP],
    differs: { chromium: [] },
  },
  {
    id: 'carrier-grade',
    title: 'two NATs in a row',
    network: 'carrier-grade',
    urls: [STUN, UDP, TCP],
    differs: { chromium: [] },
  },
  {
    id: 'dual-stack',
    title: 'IPv4 and IPv6, a name with both kinds of address',
    network: 'dual-stack',
    urls: [STUN, UDP, TCP],
    differs: { chromium: ['relay-of-own-family'], firefox: ['relay-of-own-family'] },
  },
  {
    id: 'ipv6-only',
    title: 'IPv6 alone',
    network: 'ipv6-only',
    urls: [`stun:[${S1V6}]`, `turn:[${S1V6}]`, `turn:[${S1V6}]?transport=tcp`],
    differs: { chromium: ['relay-of-own-family', 'relay-of-no-family'] },
  },
  {
    id: 'two-interfaces',
    title: 'two interfaces, one of them a VPN with the default route',
    network: 'vpn',
    urls: [STUN, UDP, TCP],
    cutMs: 6000,
    differs: { chromium: [] },
  },
  {
    id: 'no-camera',
    title: 'the same, in a page that may not use a camera',
    network: 'vpn',
    urls: [UDP],
    camera: false,
    differs: { chromium: ['other-interfaces', 'no-active-tcp'], firefox: ['other-interfaces'] },
  },
  {
    id: 'no-udp',
    title: 'a network without UDP',
    network: 'no-udp',
    urls: [UDP, TCP, `turn:${S2}`],
    cutMs: 8000,
    finding: /^net\.udp-blocked$/,
    differs: { chromium: [] },
  },
  {
    id: 'tcp-443-only',
    title: 'a network with nothing but TCP port 443',
    network: 'tcp-443-only',
    urls: [UDP, TCP, `turn:${S2}`, `turn:${NAME}:443?transport=tcp`],
    cutMs: 8000,
    finding: /^net\.(?:only-443|udp-blocked)$/,
    differs: { chromium: [] },
  },
];
