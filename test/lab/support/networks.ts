import type { NatBox } from './nat-rules.ts';
import type { AccessNetwork } from './network.ts';

const EIM = { mapping: 'endpoint-independent' } as const;

/** Boxes by the words of RFC 4787. */
export const NATS = {
  'eim-eif': { ...EIM, filtering: 'endpoint-independent' },
  'eim-adf': { ...EIM, filtering: 'address-dependent' },
  'eim-apdf': { ...EIM, filtering: 'address-and-port-dependent' },
  'adm-apdf': { mapping: 'address-dependent', filtering: 'address-and-port-dependent' },
  'apdm-apdf': { mapping: 'address-and-port-dependent', filtering: 'address-and-port-dependent' },
} as const satisfies Record<string, NatBox>;

const HOME: readonly NatBox[] = [NATS['eim-apdf']];

/** The networks in which people sit, by name. */
export const NETWORKS = {
  public: {},
  'eim-eif': { nats: [NATS['eim-eif']] },
  'eim-adf': { nats: [NATS['eim-adf']] },
  'eim-apdf': { nats: [NATS['eim-apdf']] },
  'adm-apdf': { nats: [NATS['adm-apdf']] },
  'apdm-apdf': { nats: [NATS['apdm-apdf']] },
  hairpin: { nats: [{ ...NATS['eim-adf'], hairpinning: true }] },
  'carrier-grade': { nats: [NATS['eim-apdf'], NATS['eim-eif']] },
  'double-nat': { nats: [NATS['eim-apdf'], NATS['eim-apdf']], between: 'private' },
  'no-udp': { nats: HOME, firewall: 'no-udp' },
  'tcp-443-only': { nats: HOME, firewall: 'tcp-443-only' },
  'captive-portal': { nats: HOME, firewall: 'captive-portal' },
  'proxy-only': { nats: HOME, firewall: 'proxy-only' },
  'tls-filtered': { nats: HOME, firewall: 'tls-filtered' },
  'dual-stack': { nats: HOME, ipv6: 'works' },
  'ipv6-only': { ipv4: false, ipv6: 'works' },
  nat64: { ipv4: false, ipv6: 'works', nat64: true },
  'ipv6-broken': { nats: HOME, ipv6: 'broken' },
  lossy: { nats: HOME, lossPercent: 20 },
  slow: { nats: HOME, delayMs: 60, jitterMs: 10 },
  'short-binding': { nats: [{ ...NATS['eim-apdf'], bindingSeconds: 5 }] },
  'small-mtu': { nats: HOME, mtu: { bytes: 1000, blackHole: false } },
  'mtu-black-hole': { nats: HOME, mtu: { bytes: 1000, blackHole: true } },
  alg: { nats: HOME, alg: true },
  'two-uplinks': { nats: HOME, uplinks: 2 },
  pooled: { nats: [{ ...NATS['eim-apdf'], poolSize: 4 }] },
  vpn: { nats: HOME, vpn: { device: 'wg0' } },
} as const satisfies Record<string, AccessNetwork>;

export type NetworkName = keyof typeof NETWORKS;
