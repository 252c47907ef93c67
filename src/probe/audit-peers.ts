import { addressKind, type Family, isPrivateKind, type SocketAddress } from '../core/address.ts';
import type { PermissionAsked } from '../core/attempt.ts';
import type { InterfaceAddress } from '../net/interfaces.ts';

/** An address that a relay on the internet should refuse. */
export interface AuditPeer {
  readonly kind: PermissionAsked['kind'];
  readonly address: string;
  /** The server runs on this machine, so a listener of ours can stand there. */
  readonly isOurs: boolean;
}

interface Inner {
  readonly kind: PermissionAsked['kind'];
  readonly address: string;
}

/** `0.0.0.0` and `::` mean this host to a socket: servers that check for 127.0.0.0/8 alone let them through (CVE-2020-26262). */
const INNER: Readonly<Record<Family, readonly Inner[]>> = {
  4: [
    { kind: 'loopback', address: '127.0.0.1' },
    { kind: 'loopback', address: '0.0.0.0' },
    { kind: 'link-local', address: '169.254.1.1' },
    { kind: 'metadata', address: '169.254.169.254' },
    { kind: 'private', address: '10.0.0.1' },
    { kind: 'private', address: '172.16.0.1' },
    { kind: 'private', address: '192.168.0.1' },
    { kind: 'private', address: '100.64.0.1' },
  ],
  6: [
    { kind: 'loopback', address: '::1' },
    { kind: 'loopback', address: '::' },
    { kind: 'link-local', address: 'fe80::1' },
    { kind: 'metadata', address: 'fd00:ec2::254' },
    { kind: 'private', address: 'fd00::1' },
  ],
};

/**
 * What to ask permission for. A server on a private address is there to relay to private ones, and one on loopback to
 * loopback: that is not asked.
 */
export function auditPeers(
  server: SocketAddress,
  family: Family,
  interfaces: readonly InterfaceAddress[],
): readonly AuditPeer[] {
  const kind = addressKind(server.address);
  const isHere = interfaces.some(({ address }) => address === server.address);
  const spared = kind === 'loopback' ? ['loopback', 'private'] : isPrivateKind(kind) ? ['private'] : [];
  const own = interfaces
    .filter((each) => isHere && each.family === family && isPrivateKind(addressKind(each.address)))
    .filter(({ kind: known }) => known === 'private' || known === 'cgnat')
    .map(({ address }): AuditPeer => ({ kind: 'private', address, isOurs: true }));
  const inner = INNER[family].map((each) => ({
    ...each,
    isOurs: isHere && each.kind === 'loopback' && addressKind(each.address) === 'loopback',
  }));
  return [...inner, ...own].filter((each) => !spared.includes(each.kind));
}
