import type { Family, SocketAddress } from '../../address.ts';
import type { UnixSeconds } from '../../time.ts';
import type { PeerPolicy } from './peer-policy.ts';
import type { UserDirectory } from './users.ts';

/** Everything a server is told once, before its first packet. Times are seconds, as in the RFC's attributes. */
export interface TurnServerSettings {
  /** REALM of every challenge (RFC 8489 9.2). */
  readonly realm: string;
  /** SOFTWARE of every answer; absent: none is sent. */
  readonly software?: string;
  readonly users: UserDirectory;
  /** Where relayed transport addresses are opened, by family; a family that is absent is answered with 440. */
  readonly relays: Readonly<Partial<Record<Family, RelayAddress>>>;
  /** Both ends included (RFC 8656 7.2 recommends 49152-65535). */
  readonly relayPorts: PortRange;
  readonly lifetimes: Lifetimes;
  readonly quotas: Quotas;
  readonly peers: PeerPolicy;
  /** Wall-clock time at instant 0: for the expiry of REST credentials and the time in a nonce. */
  readonly unixAtZero: UnixSeconds;
  /** Offer TCP allocations (RFC 6062). */
  readonly tcpRelaying: boolean;
  /** Answer every Allocate with 300 and this address (RFC 8489 10). */
  readonly alternateServer?: SocketAddress;
}

export interface RelayAddress {
  /** The address the relay socket is bound to. */
  readonly bind: string;
  /** The address that is told to clients, where a NAT stands in front; absent: `bind`. */
  readonly advertise?: string;
}

export interface PortRange {
  readonly min: number;
  readonly max: number;
}

export interface Lifetimes {
  /** RFC 8656 7.2: 600. */
  readonly allocation: number;
  /** RFC 8656 7.2: at most 3600. */
  readonly maxAllocation: number;
  /** RFC 8656 9: 300. */
  readonly permission: number;
  /** RFC 8656 12: 600. */
  readonly channel: number;
  /** RFC 8656 5: a nonce expires at least once an hour. */
  readonly nonce: number;
  /** RFC 8656 7.2: how long a port reserved by EVEN-PORT is kept, at least 30. */
  readonly reservation: number;
  /** RFC 6062 5.2: how long a peer connection waits for its ConnectionBind, at least 30. */
  readonly connectionBind: number;
  /** How long a stream without an allocation, or with half a message, is kept. */
  readonly idleStream: number;
}

export interface Quotas {
  readonly allocations: number;
  readonly allocationsPerUser: number;
  readonly permissionsPerAllocation: number;
  readonly channelsPerAllocation: number;
  readonly peerConnectionsPerAllocation: number;
  readonly streams: number;
}

export const DEFAULT_LIFETIMES: Lifetimes = {
  allocation: 600,
  maxAllocation: 3600,
  permission: 300,
  channel: 600,
  nonce: 3600,
  reservation: 30,
  connectionBind: 30,
  idleStream: 30,
};

export const DEFAULT_QUOTAS: Quotas = {
  allocations: 10_000,
  allocationsPerUser: 10_000,
  permissionsPerAllocation: 512,
  channelsPerAllocation: 512,
  peerConnectionsPerAllocation: 64,
  streams: 10_000,
};

/** RFC 8656 7.2: the dynamic port range, where nobody expects a service. */
export const DEFAULT_RELAY_PORTS: PortRange = { min: 49152, max: 65535 };

/** Seconds (RFC 8656 7.2 and 8.2): what was asked for up to the server's limit, but no less than the default. */
export function grantedLifetime({ allocation, maxAllocation }: Lifetimes, requested: number | undefined): number {
  return Math.max(allocation, Math.min(requested ?? allocation, maxAllocation));
}
