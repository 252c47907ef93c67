/** RFC 4787's words for how a NAT chooses an external port, and for whom it lets in. */
export type Behaviour = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';

/** One translating box. Linux filters by connection unless told otherwise, hence APDF as the default. */
export interface NatBox {
  readonly mapping: Behaviour;
  readonly filtering: Behaviour;
  /** RFC 4787 6: a packet from inside to an external address of the NAT comes back in. Default false. */
  readonly hairpinning?: boolean;
  /** Seconds an idle UDP binding lives. Default 120. */
  readonly bindingSeconds?: number;
  /** How many external addresses it draws from, one drawn per flow (RFC 4787 4.1, "arbitrary" pooling). Default 1. */
  readonly poolSize?: number;
}

/** Where the box stands: its outer interfaces with their addresses, its inner interface with its network. */
export interface NatPlace {
  readonly wan: readonly { readonly device: string; readonly addresses: readonly string[] }[];
  readonly lan: string;
  readonly lanNetwork: string;
}

export const DEFAULT_BINDING_SECONDS = 120;

/**
 * nftables rules that make a Linux router that NAT. Port preservation comes with Linux' masquerade as long as no two
 * clients want the same port.
 */
export function natRules(nat: NatBox, place: NatPlace): string {
  if (nat.mapping !== 'endpoint-independent' && nat.filtering !== 'address-and-port-dependent') {
    throw new Error('a mapping that depends on the destination filters by it too: there is no such Linux NAT');
  }
  const seconds = nat.bindingSeconds ?? DEFAULT_BINDING_SECONDS;
  const lines = [
    'table ip nat {',
    // Who holds an external port, and whom that holder spoke to. Learnt from every packet on its way out, so that the
    // timeout starts again with each (RFC 4787 REQ-6: outbound refresh).
    `map mapped { type inet_service : ipv4_addr; flags dynamic,timeout; timeout ${seconds}s; }`,
    `set spoken { type inet_service . ipv4_addr; flags dynamic,timeout; timeout ${seconds}s; }`,
    'chain learn {',
    '  type filter hook postrouting priority 110;',
    ...place.wan.flatMap(({ device }) => [
      `  oifname "${device}" meta l4proto udp update @mapped { udp sport : ct original ip saddr }`,
      `  oifname "${device}" meta l4proto udp update @spoken { udp sport . ip daddr }`,
    ]),
    '}',
    'chain inward {',
    '  type nat hook prerouting priority dstnat;',
    ...place.wan.flatMap(({ device }) => inward(nat.filtering, device)),
    ...(nat.hairpinning === true ? hairpinInward(place) : []),
    '}',
    'chain outward {',
    '  type nat hook postrouting priority srcnat;',
    ...place.wan.flatMap(({ device, addresses }) => outward(nat, device, addresses)),
    ...(nat.hairpinning === true ? hairpinOutward(place) : []),
    '}',
    ...(nat.mapping === 'address-dependent' ? PORT_RANGES.map((range, i) => rangeChain(i, range)) : []),
    '}',
    guard(place),
  ];
  return lines.join('\n');
}

// One range of external ports for each value that is made of the destination's last two octets: the same destination gets
// the same port whatever its own port, another one nearly always another. Both octets, for peers differ from servers in one.
const PORT_RANGES = Array.from({ length: 8 }, (_, i) => `${20_000 + 5_000 * i}-${24_999 + 5_000 * i}`);

const RANGE_OF_DESTINATION = Array.from({ length: 64 }, (_, i) => {
  const [third, fourth] = [i >> 3, i & 7];
  return `0.0.${third}.${fourth} : jump range${(3 * third + fourth) % PORT_RANGES.length}`;
}).join(', ');

function outward(nat: NatBox, device: string, addresses: readonly string[]): string[] {
  const match = `  oifname "${device}"`;
  const address = pool(addresses.slice(0, nat.poolSize ?? 1));
  switch (nat.mapping) {
    case 'endpoint-independent':
      return [`${match} snat to ${address}`];
    case 'address-and-port-dependent':
      return [`${match} snat to ${address} random,fully-random`];
    case 'address-dependent':
      return [
        `${match} meta l4proto { tcp, udp } ip daddr & 0.0.7.7 vmap { ${RANGE_OF_DESTINATION} }`,
        `${match} snat to ${address}`,
      ];
  }
}

function pool(addresses: readonly string[]): string {
  if (addresses.length === 1) return addresses[0] ?? '';
  return `numgen inc mod ${addresses.length} map { ${addresses.map((a, i) => `${i} : ${a}`).join(', ')} }`;
}

function rangeChain(index: number, range: string): string {
  return `chain range${index} {\n  meta l4proto { tcp, udp } masquerade to :${range}\n}`;
}

function inward(filtering: Behaviour, device: string): string[] {
  const match = `  iifname "${device}" meta l4proto udp`;
  switch (filtering) {
    case 'endpoint-independent':
      return [`${match} dnat to udp dport map @mapped`];
    case 'address-dependent':
      return [`${match} udp dport . ip saddr @spoken dnat to udp dport map @mapped`];
    case 'address-and-port-dependent':
      return []; // connection tracking alone lets in what answers
  }
}

// Packets from inside are not filtered, as home routers do it: only whether they come back is asked.
function hairpinInward({ wan, lan }: NatPlace): string[] {
  const addresses = wan.flatMap((w) => w.addresses).join(', ');
  return [`  iifname "${lan}" ip daddr { ${addresses} } meta l4proto udp dnat to udp dport map @mapped`];
}

/** RFC 4787 REQ-9: the hairpinned packet bears the sender's external address, not its internal one. */
function hairpinOutward({ wan, lan, lanNetwork }: NatPlace): string[] {
  const external = wan[0]?.addresses[0] ?? '';
  return [`  oifname "${lan}" ip saddr ${lanNetwork} ct status dnat snat to ${external}`];
}

/** Nothing new from outside reaches a host inside unless translated to it, nor the box itself (it would answer "port closed"). */
function guard({ wan, lan }: NatPlace): string {
  const devices = wan.map(({ device }) => `"${device}"`).join(', ');
  const own = wan.flatMap((w) => w.addresses).join(', ');
  return [
    'table ip guard {',
    'chain input {',
    '  type filter hook input priority 0;',
    '  ct state established,related accept',
    '  icmp type echo-request accept',
    `  iifname { ${devices} } drop`,
    `  iifname "${lan}" ip daddr { ${own} } drop`,
    '}',
    'chain forward {',
    '  type filter hook forward priority 0;',
    '  ct state established,related accept',
    `  iifname { ${devices} } ct status dnat accept`,
    `  iifname { ${devices} } drop`,
    '}',
    '}',
  ].join('\n');
}
