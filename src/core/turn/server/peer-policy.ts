import { addressKind, addressToBytes, type SocketAddress } from '../../address.ts';

/** Why a peer may not be reached through the relay, or undefined where it may. The port is no part of the question. */
export type PeerPolicy = (address: string) => string | undefined;

/** A block of addresses: `10.0.0.0/8`, `2001:db8::/32`; a plain address is a block of one. */
export interface AddressBlock {
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
}

/**
 * Whom clients may reach (RFC 8656 21.1.6 and 21.3: a relay must not open the inside of a network to the outside).
 *
 * - `own`: this host's own addresses and no others, for a server bound to loopback; `lan` adds the local subnets.
 * - `public`: public unicast addresses only, for a server that others can reach. The host's own public addresses are
 *   among them: the relayed address of another client is one.
 *
 * `allow` adds blocks to either; multicast and the unspecified address stay refused, no relay can mean them.
 */
export function peerPolicy(options: {
  readonly scope: 'own' | 'lan' | 'public';
  readonly ownAddresses: readonly string[];
  readonly ownSubnets?: readonly AddressBlock[];
  readonly allow?: readonly AddressBlock[];
}): PeerPolicy {
  const own = new Set(options.ownAddresses);
  const allow = [...(options.allow ?? []), ...(options.scope === 'lan' ? (options.ownSubnets ?? []) : [])];
  return (address) => {
    const kind = addressKind(address);
    if (kind === 'multicast' || kind === 'unspecified' || kind === 'broadcast') return `${address} is ${kind}`;
    if (allow.length > 0 && allow.some((block) => blockContains(block, address))) return undefined;
    if (options.scope === 'public') return kind === 'public' ? undefined : `${address} is ${kind}`;
    // 127.0.0.0/8 as a whole is this host.
    if (own.has(address) || kind === 'loopback') return undefined;
    return options.scope === 'own'
      ? `${address} is not an address of this host`
      : `${address} is not on a local subnet`;
  };
}

/** `ADDRESS` or `ADDRESS/BITS`; undefined where the text is neither. */
export function parseBlock(text: string): AddressBlock | undefined {
  const slash = text.indexOf('/');
  const bytes = addressToBytes(slash < 0 ? text : text.slice(0, slash));
  if (bytes === undefined) return undefined;
  if (slash < 0) return { bytes, prefixLength: bytes.length * 8 };
  const prefix = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bytes.length * 8) return undefined;
  return { bytes, prefixLength: Number(prefix) };
}

export function blockContains(block: AddressBlock, address: string): boolean {
  const bytes = addressToBytes(address);
  if (bytes === undefined || bytes.length !== block.bytes.length) return false;
  for (let bit = 0; bit < block.prefixLength; bit += 8) {
    const width = Math.min(8, block.prefixLength - bit);
    const mask = (0xff << (8 - width)) & 0xff;
    if ((((bytes[bit / 8] ?? 0) ^ (block.bytes[bit / 8] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

/** Refuses nobody: for the simulated network of tests. */
export const EVERY_PEER: PeerPolicy = () => undefined;

export function sameAddress(a: SocketAddress, address: string, port: number): boolean {
  return a.port === port && a.address === address;
}
