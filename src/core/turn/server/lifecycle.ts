import type { Family, SocketAddress } from '../../address.ts';
import type { Instant } from '../../time.ts';
import { Allocation, Channel, type FiveTuple, type Owner, type Peer, type Relay } from './allocation.ts';
import type { ServerContext } from './context.ts';
import type { AllocationEnd } from './io.ts';

/** Birth and death of allocations, permissions and channels; says each in an event. */
export class Lifecycle {
  readonly #context: ServerContext;
  readonly #onEnd: (allocation: Allocation, now: Instant) => void;
  #nextId = 1;

  /** `onEnd`: for whoever keeps something else of an allocation's. */
  constructor(context: ServerContext, onEnd: (allocation: Allocation, now: Instant) => void) {
    this.#context = context;
    this.#onEnd = onEnd;
  }

  /** Takes its place at once, so that a second Allocate on the 5-tuple finds it while sockets are being opened. */
  begin(tuple: FiveTuple, owner: Owner, transactionId: Uint8Array, now: Instant): Allocation {
    // Ids of a message are views into its datagram: copied, so that nothing keeps that alive.
    const allocation = new Allocation(this.#nextId++, tuple, owner, transactionId.slice(), now);
    this.#context.allocations.add(allocation);
    return allocation;
  }

  complete(allocation: Allocation, relays: readonly Relay[], lifetimeSeconds: number, now: Instant): void {
    allocation.relays = relays;
    allocation.state = 'live';
    for (const relay of relays) this.#context.allocations.addRelay(allocation, relay);
    this.#context.expiries.set(allocation, this.#endOf(allocation, lifetimeSeconds, now));
    this.#context.queue.event({ type: 'allocation-created', allocation: allocation.snapshot() });
  }

  refresh(allocation: Allocation, lifetimeSeconds: number, now: Instant): void {
    this.#context.expiries.set(allocation, this.#endOf(allocation, lifetimeSeconds, now));
    allocation.response = undefined;
    allocation.transactionId = undefined;
    const snapshot = allocation.snapshot();
    this.#context.queue.event({ type: 'allocation-refreshed', allocation: snapshot, lifetime: lifetimeSeconds });
  }

  /** RFC 8656 8.2: one family of a dual allocation is given back. */
  releaseFamily(allocation: Allocation, family: Family, now: Instant): void {
    const relay = allocation.relayOf(family);
    if (relay === undefined) return;
    if (allocation.relays.length === 1) {
      this.end(allocation, 'released', now);
      return;
    }
    allocation.relays = allocation.relays.filter((other) => other !== relay);
    this.#closeRelay(relay);
    for (const peer of [...allocation.peers.values()]) if (peer.family === family) this.#forgetPeer(peer);
  }

  end(allocation: Allocation, reason: AllocationEnd, now: Instant): void {
    if (allocation.state === 'ended') return;
    const wasLive = allocation.state === 'live';
    const snapshot = allocation.snapshot();
    allocation.state = 'ended';
    this.#context.allocations.remove(allocation);
    this.#context.expiries.remove(allocation);
    for (const peer of [...allocation.peers.values()]) this.#forgetPeer(peer);
    for (const relay of allocation.relays) this.#closeRelay(relay);
    if (wasLive) this.#context.queue.event({ type: 'allocation-ended', allocation: snapshot, reason });
    this.#onEnd(allocation, now);
  }

  /** RFC 8656 9: installs a permission for the peer's address, or starts its time anew. */
  permit(allocation: Allocation, peerAddress: SocketAddress, now: Instant): Peer {
    const peer = allocation.peer(peerAddress.family, peerAddress.address);
    const change = peer.queueIndex < 0 ? 'created' : 'refreshed';
    this.#context.expiries.set(peer, now + this.#context.lifetimes.permission * 1000);
    this.#context.queue.event({ type: 'permission', change, allocation: allocation.id, peer: peer.address });
    return peer;
  }

  /** RFC 8656 12: binds, or starts the time of the same binding anew; a permission comes with it. */
  bindChannel(allocation: Allocation, number: number, address: SocketAddress, now: Instant): void {
    const peer = this.permit(allocation, address, now);
    const known = allocation.channels.get(number);
    const channel = known ?? new Channel(peer, number, address);
    allocation.channels.set(number, channel);
    peer.channels.set(address.port, channel);
    this.#context.expiries.set(channel, now + this.#context.lifetimes.channel * 1000);
    this.#channelEvent(channel, known === undefined ? 'bound' : 'refreshed');
  }

  expirePermission(peer: Peer): void {
    this.#context.queue.event({
      type: 'permission',
      change: 'expired',
      allocation: peer.allocation.id,
      peer: peer.address,
    });
    peer.allocation.forgetIfIdle(peer);
  }

  expireChannel(channel: Channel): void {
    this.#channelEvent(channel, 'expired');
    const { peer } = channel;
    peer.allocation.channels.delete(channel.number);
    peer.channels.delete(channel.address.port);
    peer.allocation.forgetIfIdle(peer);
  }

  /** A fault may have the server forget it before its time. */
  #endOf(allocation: Allocation, lifetimeSeconds: number, now: Instant): Instant {
    const lost = this.#context.faults.plan.allocationLost ?? Number.POSITIVE_INFINITY;
    return Math.min(now + lifetimeSeconds * 1000, allocation.createdAt + lost * 1000);
  }

  #channelEvent(channel: Channel, change: 'bound' | 'refreshed' | 'expired'): void {
    this.#context.queue.event({
      type: 'channel',
      change,
      allocation: channel.peer.allocation.id,
      channel: channel.number,
      peer: channel.address,
    });
  }

  #forgetPeer(peer: Peer): void {
    this.#context.expiries.remove(peer);
    for (const channel of peer.channels.values()) {
      this.#context.expiries.remove(channel);
      peer.allocation.channels.delete(channel.number);
    }
    peer.channels.clear();
    peer.allocation.forgetIfIdle(peer);
  }

  #closeRelay(relay: Relay): void {
    this.#context.allocations.removeRelay(relay);
    this.#context.binder.close(relay);
  }
}
