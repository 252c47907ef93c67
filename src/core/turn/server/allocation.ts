import { addressToBytes, type Family, type Protocol, type SocketAddress, type TransportKind } from '../../address.ts';
import type { TransportId } from '../../machine.ts';
import type { PasswordAlgorithmName } from '../../stun/credentials.ts';
import type { Instant } from '../../time.ts';
import type { Expiring } from './expiry-queue.ts';
import type { IgnoredReason } from './io.ts';

/** RFC 8656 3.2, the 5-tuple: over UDP the listener and the client's address, over TCP and TLS the connection. */
export interface FiveTuple {
  readonly transport: TransportId;
  readonly protocol: TransportKind;
  /** The server's own address in it. */
  readonly local: SocketAddress;
  readonly client: SocketAddress;
}

/** One relayed transport address, with the socket behind it. */
export interface Relay {
  readonly id: TransportId;
  readonly protocol: Protocol;
  readonly family: Family;
  /** Where the socket is bound. */
  readonly bound: SocketAddress;
  /** What clients are told. */
  readonly advertised: SocketAddress;
}

/** An IP address of a peer: its permission, and the channels bound to its ports. */
export class Peer implements Expiring {
  readonly kind = 'permission';
  readonly allocation: Allocation;
  readonly family: Family;
  readonly address: string;
  /** The address in network order. */
  readonly bytes: Uint8Array;
  readonly channels = new Map<number, Channel>();
  /** The client has sent something there. */
  solicited = false;
  /** When the permission ends (RFC 8656 9). */
  expiresAt: Instant = Number.NEGATIVE_INFINITY;
  queueIndex = -1;

  constructor(allocation: Allocation, family: Family, address: string) {
    this.allocation = allocation;
    this.family = family;
    this.address = address;
    this.bytes = addressToBytes(address) ?? new Uint8Array();
  }

  /** An IPv4 address as a number. */
  get word(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.bytes;
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }
}

/** A channel bound to a peer's transport address (RFC 8656 12). */
export class Channel implements Expiring {
  readonly kind = 'channel';
  readonly peer: Peer;
  readonly number: number;
  readonly address: SocketAddress;
  expiresAt: Instant = Number.NEGATIVE_INFINITY;
  queueIndex = -1;

  constructor(peer: Peer, number: number, address: SocketAddress) {
    this.peer = peer;
    this.number = number;
    this.address = address;
  }
}

/** Who made an allocation: every later request must come from them (RFC 8656 5). */
export interface Owner {
  readonly username: string;
  readonly key: Uint8Array;
  readonly algorithm: PasswordAlgorithmName;
}

export interface Traffic {
  packetsToPeers: number;
  bytesToPeers: number;
  packetsToClient: number;
  bytesToClient: number;
  /** Data that was relayed nowhere, for any reason. */
  packetsDropped: number;
}

/** RFC 8656 3.2. Only a record: its server gives it life and ends it. */
export class Allocation implements Expiring {
  readonly kind = 'allocation';
  readonly id: number;
  readonly fiveTuple: FiveTuple;
  readonly owner: Owner;
  readonly createdAt: Instant;
  readonly peers = new Map<string, Peer>();
  /** The IPv4 peers by their address as a number: a Send indication is relayed without making text of it. */
  readonly peersByWord = new Map<number, Peer>();
  readonly channels = new Map<number, Channel>();
  readonly traffic: Traffic = {
    packetsToPeers: 0,
    bytesToPeers: 0,
    packetsToClient: 0,
    bytesToClient: 0,
    packetsDropped: 0,
  };
  /** Empty until they are bound; a dual allocation loses one by a Refresh of that family (RFC 8656 8.2). */
  relays: readonly Relay[] = [];
  state: 'binding' | 'live' | 'ended' = 'binding';
  /** RFC 8656 7.2: a retransmitted Allocate is answered alike. Both are forgotten with the first Refresh. */
  transactionId: Uint8Array | undefined;
  response: Uint8Array | undefined;
  /** Data refused for these causes was told already. */
  readonly told = new Set<IgnoredReason>();
  expiresAt: Instant = Number.POSITIVE_INFINITY;
  queueIndex = -1;

  constructor(id: number, fiveTuple: FiveTuple, owner: Owner, transactionId: Uint8Array, now: Instant) {
    this.id = id;
    this.fiveTuple = fiveTuple;
    this.owner = owner;
    this.transactionId = transactionId;
    this.createdAt = now;
  }

  relayOf(family: Family): Relay | undefined {
    for (const relay of this.relays) if (relay.family === family) return relay;
    return undefined;
  }

  /** The entry for a peer's address, made where there is none. */
  peer(family: Family, address: string): Peer {
    const known = this.peers.get(address);
    if (known !== undefined) return known;
    const peer = new Peer(this, family, address);
    this.peers.set(address, peer);
    if (family === 4) this.peersByWord.set(peer.word, peer);
    return peer;
  }

  /** Forgets the entry once neither a permission nor a channel holds it. */
  forgetIfIdle(peer: Peer): void {
    if (peer.queueIndex >= 0 || peer.channels.size > 0) return;
    this.peers.delete(peer.address);
    if (peer.family === 4) this.peersByWord.delete(peer.word);
  }

  snapshot(): AllocationSnapshot {
    const { client, protocol, local } = this.fiveTuple;
    return {
      id: this.id,
      client,
      server: local,
      transport: protocol,
      username: this.owner.username,
      relayed: this.relays.map((relay) => relay.advertised),
      relayProtocol: this.relays[0]?.protocol ?? 'udp',
      permissions: [...this.peers.values()].filter((peer) => peer.queueIndex >= 0).map((peer) => peer.address),
      channels: [...this.channels.values()].map((channel) => ({ channel: channel.number, peer: channel.address })),
      createdAt: this.createdAt,
      expiresAt: this.expiresAt,
      ...this.traffic,
    };
  }
}

/** An allocation as others may see it: a copy, without the key. */
export interface AllocationSnapshot extends Readonly<Traffic> {
  readonly id: number;
  readonly client: SocketAddress;
  readonly server: SocketAddress;
  readonly transport: TransportKind;
  readonly username: string;
  readonly relayed: readonly SocketAddress[];
  readonly relayProtocol: Protocol;
  readonly permissions: readonly string[];
  readonly channels: readonly { readonly channel: number; readonly peer: SocketAddress }[];
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
}
