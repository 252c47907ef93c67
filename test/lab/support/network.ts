import type { NatBox } from './nat-rules.ts';

/**
 * How one site reaches the internet of the lab, as its owner would describe it. Everything left out is the ordinary
 * case: IPv4 only, nothing filtered, nothing lost.
 */
export interface AccessNetwork {
  /** Translating boxes from the client outward. None: the client's IPv4 address is public. */
  readonly nats?: readonly NatBox[];
  /** What lies between two boxes: 100.64.0.0/10 as a carrier has it (RFC 6598), or a private network. Default `shared`. */
  readonly between?: 'shared' | 'private';
  /** Default true. */
  readonly ipv4?: boolean;
  /** `broken`: the client has a global address and a default route, and nothing comes back. Default `none`. */
  readonly ipv6?: 'none' | 'works' | 'broken';
  /** What the site's edge does to what leaves. Default `open`. */
  readonly firewall?: Firewall;
  /** Packets lost at random, in percent, each way. */
  readonly lossPercent?: number;
  /** Added one way, each way, in milliseconds. Needs the wire (Go). */
  readonly delayMs?: number;
  /** Spread of that delay, uniform, in milliseconds; packets may overtake each other. */
  readonly jitterMs?: number;
  /** Largest IP packet that passes the edge; a black hole drops larger ones without a word. */
  readonly mtu?: { readonly bytes: number; readonly blackHole: boolean };
  /** 2: flows alternate between two uplinks with an address each. */
  readonly uplinks?: 1 | 2;
  /** The client's default route runs through a tunnel of that name, to a gateway with a public address of its own. */
  readonly vpn?: { readonly device: string };
  /** With `ipv4: false`: the router translates what goes to 64:ff9b::/96 (RFC 6146). Needs Go. */
  readonly nat64?: boolean;
  /** The site's router rewrites MAPPED-ADDRESS in answers from port 3478 to the client's own address (an ALG). */
  readonly alg?: boolean;
  /** `silent`: the resolver that the network hands out does not answer. Default `works`. */
  readonly resolver?: 'works' | 'silent';
  /** Hosts on the local network. Default 1. */
  readonly clients?: number;
}

/**
 * All but the first let DNS through to the lab's resolver. `no-udp` and `tcp-443-only` drop the rest without a word.
 * `captive-portal` answers every TCP connection with a page to log in at. `proxy-only` lets out what asks the HTTP proxy.
 * `tls-filtered` resets TLS on any port but 443.
 */
export type Firewall = 'open' | 'no-udp' | 'tcp-443-only' | 'captive-portal' | 'proxy-only' | 'tls-filtered';

/** A server's place in the internet of the lab. */
export interface ServerPlace {
  /**
   * `public`: it holds its two public addresses itself. `one-to-one`: a cloud's translation, it holds a private one.
   * `source-nat`: a load balancer in front also hides who asks.
   */
  readonly front?: 'public' | 'one-to-one' | 'source-nat';
  readonly ipv6?: boolean;
  readonly firewall?: readonly ServerRule[];
  /** UDP to 3478 goes to the servers on 3478 and 3479: packet by packet, or all of one client to the same. */
  readonly balancer?: 'per-packet' | 'per-client';
}

/** One line of a server's own firewall. What no rule names is let through. */
export interface ServerRule {
  /** Default `in`. Outgoing packets are named by their source port and address. */
  readonly direction?: 'in' | 'out';
  readonly protocol: 'udp' | 'tcp';
  /** One port or `low-high`. */
  readonly ports: string;
  /**
   * `drop`: silence. `prohibit`: ICMP "administratively prohibited". `stateful`: only what answers a packet of the other
   * direction. `limit`: no more than `perSecond` packets.
   */
  readonly action: 'drop' | 'prohibit' | 'stateful' | 'limit';
  readonly perSecond?: number;
  readonly family?: 4 | 6;
  /** Only for this one of the server's two addresses. */
  readonly address?: string;
}

/** Where everything is. The blocks are RFC 2544's and RFC 3849's: no NAT uses them inside, nothing outside has them. */
export const INTERNET = 'core';

export interface SiteAddresses {
  readonly client: string;
  readonly client6: string;
  /** What servers see, uplink by uplink; for a public client, its own. */
  readonly mapped: readonly string[];
  readonly lanNetwork: string;
}

export function siteAddresses(index: number, network: AccessNetwork, client = 1): SiteAddresses {
  const nats = network.nats ?? [];
  const translated = nats.length > 0;
  const base = translated ? `192.168.${index}` : `198.18.${index}`;
  const host = (translated ? 9 : 139) + client;
  const mapped = translated ? wanAddresses(index, network).flat() : [`${base}.${host}`];
  return {
    client: `${base}.${host}`,
    client6: `2001:db8:${index}:1::${host}`,
    mapped: network.vpn === undefined ? mapped : [vpnAddress(index)],
    lanNetwork: translated ? `${base}.0/24` : `${base}.128/25`,
  };
}

/** The outermost router's addresses, uplink by uplink. */
export function wanAddresses(index: number, network: AccessNetwork): readonly (readonly string[])[] {
  const pool = Math.max(1, ...(network.nats ?? []).map((nat) => nat.poolSize ?? 1));
  const uplinks = Array.from({ length: network.uplinks ?? 1 }, (_, i) => `198.18.${index + 100 * i}`);
  return uplinks.map((net) => Array.from({ length: pool }, (_, i) => `${net}.${2 + i}`));
}

/** The network between two boxes, as `100.64.1`; the inner one has .2 there. */
export function betweenNetwork(index: number, { between = 'shared' }: AccessNetwork): string {
  return between === 'shared' ? `100.64.${index}` : `10.99.${index}`;
}

export function vpnAddress(index: number): string {
  return `198.18.${index + 200}.2`;
}

export interface ServerAddresses {
  /** Two public addresses, as RFC 5780 wants. */
  readonly addresses: readonly [string, string];
  readonly addresses6: readonly [string, string];
  /** What its sockets are bound to: the same, unless a front translates. */
  readonly own: readonly [string, string];
}

export function serverAddresses(index: number, place: ServerPlace): ServerAddresses {
  const addresses = [`198.19.${index}.2`, `198.19.${index}.3`] as const;
  const translated = (place.front ?? 'public') !== 'public';
  return {
    addresses,
    addresses6: [
      `2001:db8:ff${index.toString(16).padStart(2, '0')}::2`,
      `2001:db8:ff${index.toString(16).padStart(2, '0')}::3`,
    ],
    own: translated ? [`10.77.${index}.2`, `10.77.${index}.3`] : addresses,
  };
}

export const RESOLVER = '198.19.53.53';
export const RESOLVER6 = '2001:db8:ff35::53';

/** A second resolver, for networks whose two disagree. */
export const OTHER_RESOLVER = '198.19.53.54';

/** The HTTP proxy (CONNECT) of networks that have nothing else; beside the resolver. */
export const PROXY = { address: RESOLVER, port: 3128 } as const;

/** The page of a captive portal, on the site's own router. */
export const PORTAL_PORT = 8080;

/** An IPv4 address as a client behind NAT64 reaches it (RFC 6052), and as DNS64 tells it. */
export function nat64Address(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
  return `64:ff9b::${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/** Routed nowhere: packets to them vanish without a word. */
export const BLACK_HOLE = '198.19.254.9';
export const BLACK_HOLE6 = '2001:db8:fffe::9';
