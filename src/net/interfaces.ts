import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { addressKind, canonicalAddress, type Family } from '../core/address.ts';
import type { InterfaceSeen } from '../record/events.ts';
import { type AddressFlags, parseIfInet6 } from './if-inet6.ts';

/** One address of one interface of this machine. */
export interface InterfaceAddress extends Omit<InterfaceSeen, 'type'> {
  /** IPv6 that the kernel no longer prefers for new connections (RFC 4862 5.5.4). */
  readonly deprecated: boolean;
  /** Bits of the network part: two addresses of one interface with the same prefix reach the same places. */
  readonly prefixLength: number | null;
}

/** What `os.networkInterfaces()` tells of one address. */
export interface SystemAddress {
  readonly address: string;
  readonly family: string | number;
  readonly cidr: string | null;
  readonly scopeid?: number;
}

/**
 * The addresses of this machine that a socket can be bound to, in the system's order. Link-local IPv6 addresses carry
 * their zone (`fe80::1%eth0`), without which they name nothing. Never throws: where the system tells nothing, the list
 * is empty.
 */
export function listInterfaces(): InterfaceAddress[] {
  return describeInterfaces(networkInterfaces(), readIfInet6());
}

/** {@link listInterfaces} over given facts. */
export function describeInterfaces(
  interfaces: Readonly<Record<string, readonly SystemAddress[] | undefined>>,
  flags: ReadonlyMap<string, AddressFlags>,
): InterfaceAddress[] {
  const found: InterfaceAddress[] = [];
  for (const [name, addresses] of Object.entries(interfaces)) {
    for (const entry of addresses ?? []) {
      const described = describe(name, entry, flags);
      if (described !== undefined) found.push(described);
    }
  }
  return found;
}

function describe(
  name: string,
  entry: SystemAddress,
  flags: ReadonlyMap<string, AddressFlags>,
): InterfaceAddress | undefined {
  const family: Family = entry.family === 'IPv6' || entry.family === 6 ? 6 : 4;
  // Windows puts the zone into the address, Linux and macOS beside it.
  const bare = canonicalAddress(entry.address.split('%')[0] ?? '');
  if (bare === undefined) return undefined;
  const flag = family === 6 ? flags.get(`${bare}%${name}`) : undefined;
  // While duplicate address detection runs, or after it failed, nothing can be bound (RFC 4862 5.4).
  if (flag?.tentative === true) return undefined;
  const byAddress = addressKind(bare);
  const zoned = family === 6 && byAddress === 'link-local';
  const zone = process.platform === 'win32' ? String(entry.scopeid ?? 0) : name;
  const prefix = Number(entry.cidr?.split('/')[1]);
  return {
    name,
    family,
    address: zoned ? `${bare}%${zone}` : bare,
    kind: byAddress !== 'link-local' && byAddress !== 'loopback' && isVpnName(name) ? 'vpn' : byAddress,
    ...(flag?.temporary === true && { temporary: true }),
    deprecated: flag?.deprecated ?? false,
    prefixLength: Number.isInteger(prefix) ? prefix : null,
  };
}

/** By name alone: the systems tell no more without privileges, and these are the names that VPN software gives. */
export function isVpnName(name: string): boolean {
  return /^(tun|tap|utun|wg|ppp|ipsec|vti|gpd|zt|nordlynx|proton|mullvad|tailscale|cscotun|vpn)/i.test(name);
}

function readIfInet6(): ReadonlyMap<string, AddressFlags> {
  if (process.platform !== 'linux') return new Map();
  try {
    return parseIfInet6(readFileSync('/proc/net/if_inet6', 'utf8'));
  } catch {
    // A kernel without IPv6, or a sandbox that hides it: then nothing is known to be temporary.
    return new Map();
  }
}
