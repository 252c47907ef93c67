import { bytesToAddress, type Family } from '../../address.ts';
import type { TransportId } from '../../machine.ts';
import type { Random } from '../../random.ts';
import { AttributeType } from '../../stun/registry.ts';
import type { Instant } from '../../time.ts';
import type { Allocation, Channel, Peer, Relay } from './allocation.ts';
import type { Allocations } from './allocations.ts';
import type { IgnoredReason } from './io.ts';

/**
 * Where one packet of relayed data goes on. There is one per server, filled anew by each call: relaying makes no garbage
 * of its own. `bytes` from `offset` over `length` is what to send. Where they are `borrowed` they belong to the server
 * and are overwritten by the next call: whoever keeps them longer copies them, or calls `keepBorrowed`.
 */
export class Route {
  transport: TransportId = '';
  family: Family = 4;
  address = '';
  port = 0;
  bytes: Uint8Array = new Uint8Array();
  offset = 0;
  length = 0;
  borrowed = false;
  allocation: Allocation | undefined;
  /** The payload alone, from `payloadOffset` after `offset`: what counters and faults look at. */
  payloadOffset = 0;
  payloadLength = 0;
  isChannel = false;
  relayPort = 0;
  peerPort = 0;
  /** The client has sent something to that peer before. */
  solicited = false;
  /** Why there is no route, where the last call returned undefined. */
  refused: IgnoredReason = 'no-allocation';

  /** Takes the packet out of the counters: it went nowhere after all. */
  undo(direction: 'to-peer' | 'to-client'): void {
    const traffic = this.allocation?.traffic;
    if (traffic === undefined) return;
    if (direction === 'to-peer') {
      traffic.packetsToPeers--;
      traffic.bytesToPeers -= this.payloadLength;
    } else {
      traffic.packetsToClient--;
      traffic.bytesToClient -= this.payloadLength;
    }
  }
}

/** 20 bytes of header, XOR-PEER-ADDRESS of IPv6 (24), DATA (4), 65,535 of data and its padding; rounded up. */
const SCRATCH_LENGTH = 65_600;

/**
 * The way of application data through the server (RFC 8656 11 and 12). One implementation: the machine's `handle` takes
 * it packet by packet, a driver in a hurry calls it directly.
 */
export class Relaying {
  readonly route = new Route();
  readonly #allocations: Allocations;
  readonly #listeners: ReadonlyMap<number, ReadonlySet<string>>;
  readonly #idBase: Uint8Array;
  #idCounter = 0;
  #scratch = new Uint8Array(SCRATCH_LENGTH);

  /** `listeners`: the server's own addresses by port, where no client may send relayed data. */
  constructor(allocations: Allocations, listeners: ReadonlyMap<number, ReadonlySet<string>>, random: Random) {
    this.#allocations = allocations;
    this.#listeners = listeners;
    this.#idBase = random.bytes(8);
  }

  /** The last route's borrowed bytes shall stay as they are. */
  keepBorrowed(): void {
    this.#scratch = new Uint8Array(SCRATCH_LENGTH);
  }

  /** ChannelData or a Send indication from a client, one whole datagram or frame. */
  fromClient(
    transport: TransportId,
    address: string,
    port: number,
    bytes: Uint8Array,
    now: Instant,
  ): Route | undefined {
    const first = bytes[0] ?? 0xff;
    const isChannelData = first >= 0x40 && first <= 0x7f;
    // 0x0016 is a Send indication; anything else is none of ours.
    if (!isChannelData && (first !== 0 || bytes[1] !== 0x16)) return this.#refuse('unexpected-class', undefined);
    const allocation = this.#allocations.byClient(transport, address, port);
    if (allocation?.state !== 'live' || allocation.expiresAt <= now) return this.#refuse('no-allocation', undefined);
    return isChannelData ? this.#channelData(allocation, bytes, now) : this.#sendIndication(allocation, bytes, now);
  }

  /** A datagram that arrived at a relayed transport address. */
  fromPeer(relayId: TransportId, address: string, port: number, bytes: Uint8Array, now: Instant): Route | undefined {
    const found = this.#allocations.byRelay(relayId);
    if (found === undefined) return this.#refuse('no-allocation', undefined);
    const { allocation, relay } = found;
    if (allocation.state !== 'live' || allocation.expiresAt <= now) return this.#refuse('no-allocation', undefined);
    const peer = allocation.peers.get(address);
    // RFC 8656 11.3: without a permission for the peer's address the datagram is discarded, channel or not.
    if (peer === undefined || peer.expiresAt <= now) return this.#refuse('no-permission', allocation);
    const padded = allocation.fiveTuple.protocol !== 'udp';
    const channel = peer.channels.get(port);
    const isChannel = channel !== undefined && channel.expiresAt > now;
    const length = isChannel
      ? this.#writeChannelData(channel, bytes, padded)
      : this.#writeDataIndication(peer, port, bytes);
    const route = this.route;
    const { transport, client } = allocation.fiveTuple;
    route.transport = transport;
    route.family = client.family;
    route.address = client.address;
    route.port = client.port;
    route.bytes = this.#scratch;
    route.offset = 0;
    route.length = length;
    route.borrowed = true;
    route.allocation = allocation;
    route.payloadOffset = isChannel ? 4 : peer.family === 4 ? 36 : 48;
    route.payloadLength = bytes.length;
    route.isChannel = isChannel;
    route.relayPort = relay.bound.port;
    route.peerPort = port;
    route.solicited = peer.solicited;
    allocation.traffic.packetsToClient++;
    allocation.traffic.bytesToClient += bytes.length;
    return route;
  }

  #channelData(allocation: Allocation, bytes: Uint8Array, now: Instant): Route | undefined {
    if (bytes.length < 4) return this.#refuse('malformed', allocation);
    const channel = allocation.channels.get(uint16(bytes, 0));
    if (channel === undefined || channel.expiresAt <= now) return this.#refuse('no-channel', allocation);
    const length = uint16(bytes, 2);
    if (length > bytes.length - 4) return this.#refuse('malformed', allocation);
    const relay = allocation.relayOf(channel.peer.family);
    if (relay === undefined) return this.#refuse('wrong-family', allocation);
    return this.#toPeer(allocation, relay, channel.peer, channel.address.port, bytes, 4, length, true);
  }

  /** RFC 8656 11.2, read in place: XOR-PEER-ADDRESS and DATA are all that it may hold. */
  #sendIndication(allocation: Allocation, bytes: Uint8Array, now: Instant): Route | undefined {
    if (bytes.length < 20 || uint16(bytes, 2) !== bytes.length - 20) return this.#refuse('malformed', allocation);
    let peerAt = 0;
    let peerLength = 0;
    let dataAt = 0;
    let dataLength = 0;
    for (let at = 20; at + 4 <= bytes.length; ) {
      const type = uint16(bytes, at);
      const length = uint16(bytes, at + 2);
      if (at + 4 + length > bytes.length) return this.#refuse('malformed', allocation);
      if (type === AttributeType.XorPeerAddress && peerAt === 0) {
        peerAt = at + 4;
        peerLength = length;
      } else if (type === AttributeType.Data && dataAt === 0) {
        dataAt = at + 4;
        dataLength = length;
      } else if (type < 0x8000 && type !== AttributeType.XorPeerAddress && type !== AttributeType.Data) {
        // RFC 8489 6.3.2: an indication with attributes that must be understood and are not is discarded.
        // DONT-FRAGMENT is among them (RFC 8656 11.2).
        return this.#refuse('malformed', allocation);
      }
      at += 4 + length + ((4 - (length & 3)) & 3);
    }
    if (peerAt === 0 || dataAt === 0) return this.#refuse('malformed', allocation);
    const peer = this.#peerAt(allocation, bytes, peerAt, peerLength);
    if (peer === undefined || peer.expiresAt <= now) return this.#refuse('no-permission', allocation);
    const relay = allocation.relayOf(peer.family);
    if (relay === undefined) return this.#refuse('wrong-family', allocation);
    const port = uint16(bytes, peerAt + 2) ^ 0x2112;
    if (port === 0 || this.#isOwnListener(peer.address, port)) return this.#refuse('forbidden-peer', allocation);
    return this.#toPeer(allocation, relay, peer, port, bytes, dataAt, dataLength, false);
  }

  #isOwnListener(address: string, port: number): boolean {
    return this.#listeners.get(port)?.has(address) === true;
  }

  #peerAt(allocation: Allocation, bytes: Uint8Array, at: number, length: number): Peer | undefined {
    const family = bytes[at + 1];
    if (family === 1 && length === 8) return allocation.peersByWord.get((uint32(bytes, at + 4) ^ 0x2112a442) >>> 0);
    if (family !== 2 || length !== 20) return undefined;
    const address = bytes.slice(at + 4, at + 20);
    // The mask of an IPv6 address is the cookie and the transaction id, which stand side by side in the header.
    for (let i = 0; i < 16; i++) address[i] = (address[i] ?? 0) ^ (bytes[4 + i] ?? 0);
    return allocation.peers.get(bytesToAddress(address));
  }

  #toPeer(
    allocation: Allocation,
    relay: Relay,
    peer: Peer,
    port: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    isChannel: boolean,
  ): Route {
    const route = this.route;
    route.transport = relay.id;
    route.family = relay.family;
    route.address = peer.address;
    route.port = port;
    route.bytes = bytes;
    route.offset = offset;
    route.length = length;
    route.borrowed = false;
    route.allocation = allocation;
    route.payloadOffset = 0;
    route.payloadLength = length;
    route.isChannel = isChannel;
    route.relayPort = relay.bound.port;
    route.peerPort = port;
    peer.solicited = true;
    allocation.traffic.packetsToPeers++;
    allocation.traffic.bytesToPeers += length;
    return route;
  }

  /** RFC 8656 12.5 and 12.7. */
  #writeChannelData(channel: Channel, data: Uint8Array, padded: boolean): number {
    const target = this.#scratch;
    target[0] = channel.number >> 8;
    target[1] = channel.number & 0xff;
    target[2] = data.length >> 8;
    target[3] = data.length & 0xff;
    target.set(data, 4);
    const end = 4 + data.length;
    const length = padded ? (end + 3) & ~3 : end;
    target.fill(0, end, length);
    return length;
  }

  /** RFC 8656 11.3. */
  #writeDataIndication(peer: Peer, port: number, data: Uint8Array): number {
    const target = this.#scratch;
    const addressLength = peer.family === 4 ? 4 : 16;
    const dataAt = 20 + 4 + 4 + addressLength;
    const end = dataAt + 4 + data.length;
    const length = (end + 3) & ~3;
    // Data indication, cookie, transaction id.
    target[0] = 0x00;
    target[1] = 0x17;
    writeUint16(target, 2, length - 20);
    writeUint32(target, 4, 0x2112a442);
    target.set(this.#idBase, 8);
    writeUint32(target, 16, this.#idCounter++);
    writeUint16(target, 20, AttributeType.XorPeerAddress);
    writeUint16(target, 22, 4 + addressLength);
    target[24] = 0;
    target[25] = peer.family === 4 ? 1 : 2;
    writeUint16(target, 26, port ^ 0x2112);
    const bytes = peer.bytes;
    for (let i = 0; i < addressLength; i++) target[28 + i] = (bytes[i] ?? 0) ^ (target[4 + i] ?? 0);
    writeUint16(target, dataAt, AttributeType.Data);
    writeUint16(target, dataAt + 2, data.length);
    target.set(data, dataAt + 4);
    target.fill(0, end, length);
    return length;
  }

  #refuse(reason: IgnoredReason, allocation: Allocation | undefined): undefined {
    this.route.refused = reason;
    this.route.allocation = allocation;
    return undefined;
  }
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((uint16(bytes, at) << 16) | uint16(bytes, at + 2)) >>> 0;
}

function writeUint16(target: Uint8Array, at: number, value: number): void {
  target[at] = value >> 8;
  target[at + 1] = value & 0xff;
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  writeUint16(target, at, value >>> 16);
  writeUint16(target, at + 2, value & 0xffff);
}
