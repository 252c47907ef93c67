import type { NetworkName } from '../support/networks.ts';
import type { Scenario } from '../support/scenario.ts';
import { BLINK, GOOD, GOOD_PION, LOGIN, S1, S2 } from './common.ts';

export const HEALTHY: readonly Scenario[] = (
  [
    // Without a NAT the mapped address is the host's own, and left out as redundant (RFC 8445 5.1.3).
    ['public', ['host 4 udp', 'relay 4 udp']],
    ['eim-eif', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['eim-adf', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['eim-apdf', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['adm-apdf', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['apdm-apdf', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['hairpin', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['carrier-grade', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['slow', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['short-binding', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['two-uplinks', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['small-mtu', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
    ['mtu-black-hole', ['host 4 udp', 'relay 4 udp', 'srflx 4 udp']],
  ] as const satisfies readonly (readonly [NetworkName, readonly string[]])[]
).map(([network, candidates], i) => ({
  name: `nothing wrong: ${network}`,
  misses: ['ice.slow-gathering', 'net.vpn-route', 'nat.short-binding', 'ice.host-hidden'],
  network,
  servers: [i % 2 === 0 ? GOOD : GOOD_PION],
  command: ['gather', `stun:${S1}`, `turn:${S1}`, ...LOGIN],
  expect: { first: 'none', candidates, exitCode: 0, withinMs: BLINK },
}));

/** Clients whose flows leave from changing addresses: a relay lets in only the one that it was told of. */
export const CHANGING_ADDRESSES: readonly Scenario[] = (['two-uplinks', 'pooled'] as const).map((network) => ({
  name: `doctor, nothing wrong with the server: ${network}`,
  network,
  servers: [GOOD, GOOD_PION],
  command: ['doctor', `turn:${S1}`, `turn:${S2}`, `stun:${S1}`, ...LOGIN],
  expect: { first: 'nat.unstable-address', forbidden: ['relay.*'], exitCode: 0, withinMs: 20_000 },
}));
