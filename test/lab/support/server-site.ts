import {
  INTERNET,
  OTHER_RESOLVER,
  RESOLVER,
  RESOLVER6,
  type ServerPlace,
  type ServerRule,
  serverAddresses,
} from './network.ts';
import type { Topology } from './topology.ts';

/** Builds one server host at the internet, with what its owner put in front of it. Returns the host's name. */
export function buildServerSite(topology: Topology, index: number, place: ServerPlace): string {
  const name = `server${index}`;
  const host = topology.host(name);
  const front = place.front ?? 'public';
  if (front === 'public') attach(topology, index, name, place.ipv6 === true);
  else {
    const gateway = `front${index}`;
    attach(topology, index, gateway, false);
    buildFront(topology, index, gateway, name, front === 'source-nat');
  }
  host.nft(serverRules(place.firewall ?? []));
  if (place.balancer !== undefined) host.nft(balancerRules(place.balancer));
  return name;
}

/** The internet's middle, and the host beside it that answers for names. Returns that host's name. */
export function buildInternet(topology: Topology): string {
  const core = topology.host(INTERNET);
  core.forwards();
  // What is routed nowhere vanishes without a word, as it mostly does out there.
  core.ip('route add blackhole default');
  core.ip('route add blackhole ::/0');
  topology.link('resolver', 'eth0', INTERNET, 'resolver');
  core.address('resolver', '198.19.53.1/24');
  core.address('resolver', `${RESOLVER6.replace(/::53$/, '::1')}/64`);
  const resolver = topology.host('resolver');
  resolver.address('eth0', `${RESOLVER}/24`);
  resolver.address('eth0', `${OTHER_RESOLVER}/24`);
  resolver.address('eth0', `${RESOLVER6}/64`);
  resolver.route('default via 198.19.53.1');
  resolver.route(`default via ${RESOLVER6.replace(/::53$/, '::1')}`);
  return 'resolver';
}

function attach(topology: Topology, index: number, name: string, ipv6: boolean): void {
  const core = topology.host(INTERNET);
  const host = topology.host(name);
  const link = `server${index}`;
  topology.link(name, 'eth0', INTERNET, link);
  core.address(link, `198.19.${index}.1/24`);
  const { addresses, addresses6 } = serverAddresses(index, {});
  for (const address of addresses) host.address('eth0', `${address}/24`);
  host.route(`default via 198.19.${index}.1`);
  if (!ipv6) return;
  const router6 = addresses6[0].replace(/2$/, '1');
  core.address(link, `${router6}/64`);
  for (const address of addresses6) host.address('eth0', `${address}/64`);
  host.route(`default via ${router6}`);
}

function buildFront(topology: Topology, index: number, gateway: string, server: string, hidesClients: boolean): void {
  const { addresses, own } = serverAddresses(index, { front: 'one-to-one' });
  topology.link(gateway, 'lan', server, 'eth0');
  topology.host(gateway).forwards();
  topology.host(gateway).address('lan', `10.77.${index}.1/24`);
  for (const address of own) topology.host(server).address('eth0', `${address}/24`);
  topology.host(server).route(`default via 10.77.${index}.1`);
  topology
    .host(gateway)
    .nft(
      [
        'table ip front {',
        'chain inward {',
        '  type nat hook prerouting priority dstnat;',
        ...addresses.map((address, i) => `  ip daddr ${address} dnat to ${own[i] ?? ''}`),
        '}',
        'chain outward {',
        '  type nat hook postrouting priority srcnat;',
        ...addresses.map((address, i) => `  oifname "eth0" ip saddr ${own[i] ?? ''} snat to ${address}`),
        ...(hidesClients ? ['  oifname "lan" masquerade'] : []),
        '}',
        '}',
      ].join('\n'),
    );
}

function serverRules(rules: readonly ServerRule[]): string {
  const chain = (direction: 'in' | 'out'): string[] => [
    `chain ${direction}put {`,
    `  type filter hook ${direction}put priority 0;`,
    `  ${direction === 'in' ? 'iifname' : 'oifname'} "lo" accept`,
    ...rules
      .filter((rule) => (rule.direction ?? 'in') === direction)
      .map((rule) => `  ${match(rule)} ${verdict(rule)}`),
    '}',
  ];
  return ['table inet server {', ...chain('in'), ...chain('out'), '}'].join('\n');
}

/** Without memory of its own: each packet is sent on by itself. */
function balancerRules(balancer: NonNullable<ServerPlace['balancer']>): string {
  const choice = { 'per-packet': 'numgen inc mod 2', 'per-client': 'jhash udp sport mod 2' }[balancer];
  return [
    'table inet balancer {',
    'chain inward {',
    '  type filter hook prerouting priority raw;',
    `  udp dport 3478 udp dport set ${choice} map { 0 : 3478, 1 : 3479 }`,
    '}',
    'chain outward {',
    '  type filter hook output priority raw;',
    '  udp sport 3479 udp sport set 3478',
    '}',
    '}',
  ].join('\n');
}

function verdict({ action, perSecond = 1 }: ServerRule): string {
  switch (action) {
    case 'drop':
      return 'drop';
    case 'prohibit':
      return 'reject with icmpx type admin-prohibited';
    case 'stateful':
      return 'ct state new drop';
    case 'limit':
      return `limit rate over ${perSecond}/second burst ${perSecond} packets drop`;
  }
}

function match({ direction, protocol, ports, family, address }: ServerRule): string {
  const side = direction === 'out' ? 's' : 'd';
  const words: string[] = [];
  if (family !== undefined) words.push(`meta nfproto ipv${family}`);
  if (address !== undefined) words.push(`ip${address.includes(':') ? '6' : ''} ${side}addr ${address}`);
  words.push(`${protocol} ${side}port ${ports}`);
  return words.join(' ');
}
