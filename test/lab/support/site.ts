import { natRules } from './nat-rules.ts';
import {
  type AccessNetwork,
  betweenNetwork,
  type Firewall,
  INTERNET,
  PORTAL_PORT,
  PROXY,
  RESOLVER,
  RESOLVER6,
  siteAddresses,
  vpnAddress,
  wanAddresses,
} from './network.ts';
import type { Host, Topology } from './topology.ts';

/** The names of a site's hosts. */
export interface Site {
  readonly clients: readonly string[];
  /** Routers from the client outward. */
  readonly routers: readonly string[];
  /** Stands in the uplink where the network delays. */
  readonly wire: string | undefined;
}

/** Builds one access network between its clients and the internet. `index` is 1 to 99 and unique in the topology. */
export function buildSite(topology: Topology, index: number, network: AccessNetwork): Site {
  const nats = network.nats ?? [];
  const routers = Array.from({ length: Math.max(1, nats.length) }, (_, i) => `router${index}-${i + 1}`);
  const clients = Array.from({ length: network.clients ?? 1 }, (_, i) => `client${index}-${i + 1}`);
  for (const name of routers) topology.host(name).forwards();
  buildLan(topology, index, network, clients, topology.host(routers[0] ?? ''));
  for (let i = 1; i < routers.length; i++)
    buildCarrierLink(topology, index, network, routers[i - 1] ?? '', routers[i] ?? '');
  const edge = topology.host(routers.at(-1) ?? '');
  const wire = buildUplinks(topology, index, network, edge);
  edge.nft(edgeRules(index, network));
  nats.forEach((nat, i) => {
    const outermost = i === nats.length - 1;
    topology.host(routers[i] ?? '').nft(
      natRules(nat, {
        wan: outermost
          ? wanAddresses(index, network).map((addresses, u) => ({ device: uplinkDevice(u), addresses }))
          : [{ device: 'wan', addresses: [`${betweenNetwork(index, network)}.2`] }],
        lan: 'lan',
        lanNetwork: i === 0 ? siteAddresses(index, network).lanNetwork : `${betweenNetwork(index, network)}.0/24`,
      }),
    );
    setBindingLifetime(topology.host(routers[i] ?? ''), nat.bindingSeconds);
  });
  if (network.nat64 === true) buildNat64(edge, index);
  if (network.vpn !== undefined) buildVpn(topology, index, network.vpn.device, clients[0] ?? '');
  return { clients, routers, wire };
}

function buildLan(
  topology: Topology,
  index: number,
  network: AccessNetwork,
  clients: readonly string[],
  router: Host,
): void {
  const { lanNetwork } = siteAddresses(index, network);
  const [base = '', length] = lanNetwork.split('/');
  const gateway = base.replace(/\d+$/, (last) => String(Number(last) + 1));
  if (clients.length === 1) topology.link(router.name, 'lan', clients[0] ?? '', 'eth0');
  else {
    router.device('link add lan type bridge');
    router.up('lan');
    clients.forEach((client, i) => {
      topology.link(router.name, `port${i}`, client, 'eth0');
      router.ip(`link set port${i} master lan`);
    });
  }
  const ipv4 = network.ipv4 !== false;
  const ipv6 = (network.ipv6 ?? 'none') !== 'none';
  if (ipv4) router.address('lan', `${gateway}/${length}`);
  if (ipv6) router.address('lan', `2001:db8:${index}:1::1/64`);
  clients.forEach((name, i) => {
    const client = topology.host(name);
    const own = siteAddresses(index, network, i + 1);
    if (ipv4) {
      client.address('eth0', `${own.client}/${length}`);
      client.route(`default via ${gateway} metric 100`);
    }
    if (ipv6) {
      client.address('eth0', `${own.client6}/64`);
      client.route(`default via 2001:db8:${index}:1::1`);
    }
  });
}

/** Between a home's router and the carrier's, or between two routers of a home. */
function buildCarrierLink(
  topology: Topology,
  index: number,
  network: AccessNetwork,
  home: string,
  carrier: string,
): void {
  const net = betweenNetwork(index, network);
  topology.link(home, 'wan', carrier, 'lan');
  topology.host(home).address('wan', `${net}.2/24`);
  topology.host(carrier).address('lan', `${net}.1/24`);
  topology.host(home).route(`default via ${net}.1`);
  if ((network.ipv6 ?? 'none') === 'none') return;
  topology.host(home).address('wan', `2001:db8:${index}:2::2/64`);
  topology.host(carrier).address('lan', `2001:db8:${index}:2::1/64`);
  topology.host(home).route(`default via 2001:db8:${index}:2::1`);
  topology.host(carrier).route(`2001:db8:${index}:1::/64 via 2001:db8:${index}:2::2`);
}

function buildUplinks(topology: Topology, index: number, network: AccessNetwork, edge: Host): string | undefined {
  const core = topology.host(INTERNET);
  const delayed = (network.delayMs ?? 0) > 0 || (network.jitterMs ?? 0) > 0;
  const wire = delayed ? `wire${index}` : undefined;
  wanAddresses(index, network).forEach((addresses, u) => {
    const far = `site${index}-${u}`;
    const device = uplinkDevice(u);
    if (wire === undefined || u > 0) topology.link(edge.name, device, INTERNET, far);
    else {
      topology.link(edge.name, device, wire, 'inner');
      topology.link(wire, 'outer', INTERNET, far);
    }
    const net = `198.18.${index + 100 * u}`;
    core.address(far, `${net}.1/25`);
    for (const address of addresses) edge.address(device, `${address}/25`);
    edge.route(u === 0 ? `default via ${net}.1` : `default via ${net}.1 table ${100 + u}`);
    // An honest small MTU: both ends of the link have it, and the router says so (ICMP "fragmentation needed").
    if (network.mtu?.blackHole === false) {
      edge.ip(`link set ${device} mtu ${network.mtu.bytes}`);
      core.ip(`link set ${far} mtu ${network.mtu.bytes}`);
    }
    if (u > 0) edge.ip(`rule add fwmark ${u} lookup ${100 + u}`);
    if (u === 0 && (network.nats ?? []).length === 0) core.route(`${net}.128/25 via ${net}.2`);
  });
  if ((network.ipv6 ?? 'none') === 'none') return wire;
  core.address(`site${index}-0`, `2001:db8:${index}::1/64`);
  edge.address('wan', `2001:db8:${index}::2/64`);
  edge.route(`default via 2001:db8:${index}::1`);
  core.route(`2001:db8:${index}::/48 via 2001:db8:${index}::2`);
  return wire;
}

function uplinkDevice(uplink: number): string {
  return uplink === 0 ? 'wan' : `wan${uplink + 1}`;
}

/** What the outermost router does to packets besides translating: filter, lose, drop the large, alternate uplinks. */
function edgeRules(index: number, network: AccessNetwork): string {
  const rules: string[] = [];
  if (network.lossPercent !== undefined) {
    rules.push(`numgen random mod 1000 < ${Math.round(network.lossPercent * 10)} drop`);
  }
  if (network.mtu?.blackHole === true) rules.push(`meta length > ${network.mtu.bytes} drop`);
  if (network.ipv6 === 'broken') rules.push('meta nfproto ipv6 drop');
  else if (network.ipv6 === 'works') {
    // No translation, but as every home router does: nothing new from outside.
    rules.push('meta nfproto ipv6 iifname "wan" ct state != { established, related } meta l4proto != ipv6-icmp drop');
  }
  rules.push(...FIREWALLS[network.firewall ?? 'open']);
  if (network.alg === true) rules.push(algRule(siteAddresses(index, network).client));
  const chains = [`chain forward {\n  type filter hook forward priority -10;\n  ${rules.join('\n  ')}\n}`];
  if (network.uplinks === 2) {
    chains.push(
      'chain alternate {\n  type filter hook prerouting priority -150;\n' +
        '  iifname "lan" ct state new ct mark set numgen inc mod 2\n  iifname "lan" meta mark set ct mark\n}',
    );
  }
  if (network.firewall === 'captive-portal') {
    chains.push(
      'chain portal {\n  type nat hook prerouting priority -110;\n' +
        `  iifname "lan" meta l4proto tcp th dport != 53 redirect to :${PORTAL_PORT}\n}`,
    );
  }
  return `table inet edge {\n${chains.join('\n')}\n}`;
}

/**
 * coturn's answer to a Binding request has MAPPED-ADDRESS (type 1, length 8) 32 bytes into the datagram; 8 more of UDP's
 * header come first. A UDP checksum of zero means none (RFC 768).
 */
function algRule(client: string): string {
  const bytes = client.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return `udp sport 3478 @th,320,32 0x00010008 @th,384,32 set 0x${bytes.join('')} udp checksum set 0`;
}

const DNS_AND_ANSWERS = [
  `ip daddr ${RESOLVER} th dport 53 accept`,
  `ip6 daddr ${RESOLVER6} th dport 53 accept`,
  'ct state established,related accept',
];

const FIREWALLS: Readonly<Record<Firewall, readonly string[]>> = {
  open: [],
  'no-udp': [...DNS_AND_ANSWERS, 'meta l4proto udp drop'],
  'tcp-443-only': [...DNS_AND_ANSWERS, 'tcp dport 443 accept', 'drop'],
  'captive-portal': [...DNS_AND_ANSWERS, 'drop'],
  'proxy-only': [...DNS_AND_ANSWERS, `ip daddr ${PROXY.address} tcp dport ${PROXY.port} accept`, 'drop'],
  // The first bytes of a TLS record with a handshake.
  'tls-filtered': ['tcp dport != 443 @ih,0,16 0x1603 reject with tcp reset'],
};

function setBindingLifetime(router: Host, seconds: number | undefined): void {
  if (seconds === undefined) return;
  router.sysctl('net/netfilter/nf_conntrack_udp_timeout', seconds);
  router.sysctl('net/netfilter/nf_conntrack_udp_timeout_stream', seconds);
}

/** Where {@link startNat64} will translate: a TUN device, and a NAT for the private addresses that come out of it. */
function buildNat64(edge: Host, index: number): void {
  edge.device(`tuntap add nat64 mode tun`);
  edge.up('nat64');
  edge.address('nat64', `${NAT64_CLIENT.replace(/\d+$/, '1')}/24`);
  edge.route('64:ff9b::/96 dev nat64');
  edge.nft(
    natRules(
      { mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' },
      { wan: [{ device: 'wan', addresses: [`198.18.${index}.2`] }], lan: 'nat64', lanNetwork: '10.64.0.0/24' },
    ),
  );
}

/** What stands for the client in IPv4 between the translator and the NAT. */
export const NAT64_CLIENT = '10.64.0.10';

/** A tunnel as the client sees it: a device of that name with a private address, carrying the default route. */
function buildVpn(topology: Topology, index: number, device: string, client: string): void {
  const name = `vpn${index}`;
  const gateway = topology.host(name);
  gateway.forwards();
  topology.link(client, device, name, 'lan');
  topology.link(name, 'wan', INTERNET, `vpn${index}`);
  const net = `198.18.${index + 200}`;
  topology.host(INTERNET).address(`vpn${index}`, `${net}.1/24`);
  gateway.address('wan', `${vpnAddress(index)}/24`);
  gateway.address('lan', `10.8.${index}.1/24`);
  gateway.route(`default via ${net}.1`);
  topology.host(client).address(device, `10.8.${index}.2/24`);
  topology.host(client).route(`default via 10.8.${index}.1 metric 50`);
  gateway.nft(
    natRules(
      { mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' },
      { wan: [{ device: 'wan', addresses: [vpnAddress(index)] }], lan: 'lan', lanNetwork: `10.8.${index}.0/24` },
    ),
  );
}
