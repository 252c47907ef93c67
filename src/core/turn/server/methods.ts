import type { Family } from '../../address.ts';
import { fail, ok } from '../../result.ts';
import { Lifetime } from '../../stun/attributes.ts';
import type { StunMessage } from '../../stun/message.ts';
import type { Instant } from '../../time.ts';
import type { Allocation } from './allocation.ts';
import type { ServerContext } from './context.ts';
import type { Lifecycle } from './lifecycle.ts';
import { DONE, type Outcome } from './outcome.ts';
import { badRequest, type Refusal, refusal } from './refusal.ts';
import { parseChannelBind, parseCreatePermission, parseRefresh } from './requests.ts';
import { grantedLifetime } from './settings.ts';

/** What RFC 8656 says to requests about an allocation that stands, once their sender is known. */
export class TurnMethods {
  readonly #context: ServerContext;
  readonly #lifecycle: Lifecycle;

  constructor(context: ServerContext, lifecycle: Lifecycle) {
    this.#context = context;
    this.#lifecycle = lifecycle;
  }

  /** RFC 8656 8.2. */
  refresh(allocation: Allocation, message: StunMessage, now: Instant): Outcome {
    const request = parseRefresh(message);
    if (!request.ok) return request;
    const { family } = request.value;
    if (family !== undefined && allocation.relayOf(family) === undefined) {
      return fail(refusal(443, `the allocation has no relayed address of IPv${family}`));
    }
    if (request.value.lifetime === 0) {
      if (family === undefined) this.#lifecycle.end(allocation, 'released', now);
      else this.#lifecycle.releaseFamily(allocation, family, now);
      return ok((builder) => builder.add(Lifetime, 0));
    }
    const granted = grantedLifetime(this.#context.lifetimes, request.value.lifetime);
    this.#lifecycle.refresh(allocation, granted, now);
    return ok((builder) => builder.add(Lifetime, granted));
  }

  /** RFC 8656 10.2: all of the peers or none. */
  createPermission(allocation: Allocation, message: StunMessage, now: Instant): Outcome {
    const peers = parseCreatePermission(message);
    if (!peers.ok) return peers;
    for (const peer of peers.value) {
      const refused = this.#refusedPeer(allocation, peer.family, peer.address);
      if (refused !== undefined) return fail(refused);
    }
    const added = new Set(peers.value.map((peer) => peer.address).filter((address) => !allocation.peers.has(address)));
    if (allocation.peers.size + added.size > this.#context.settings.quotas.permissionsPerAllocation) {
      return fail(refusal(508, 'too many permissions'));
    }
    for (const peer of peers.value) this.#lifecycle.permit(allocation, peer, now);
    return DONE;
  }

  /** RFC 8656 12.2. `isOwnListener`: the server's own addresses, which no client may send to through it. */
  channelBind(
    allocation: Allocation,
    message: StunMessage,
    now: Instant,
    isOwnListener: (address: string, port: number) => boolean,
  ): Outcome {
    const request = parseChannelBind(message);
    if (!request.ok) return request;
    // RFC 6062 5: channels carry datagrams, a TCP allocation has none.
    if (allocation.relays[0]?.protocol === 'tcp') return fail(refusal(403, 'a TCP allocation has no channels'));
    const { channel, peer } = request.value;
    const boundTo = allocation.channels.get(channel);
    if (boundTo !== undefined && (boundTo.address.address !== peer.address || boundTo.address.port !== peer.port)) {
      return fail(badRequest('the channel is bound to another peer'));
    }
    const other = allocation.peers.get(peer.address)?.channels.get(peer.port);
    if (other !== undefined && other.number !== channel) {
      return fail(badRequest('the peer is bound to another channel'));
    }
    const refused = this.#refusedPeer(allocation, peer.family, peer.address);
    if (refused !== undefined) return fail(refused);
    if (peer.port === 0 || isOwnListener(peer.address, peer.port)) {
      return fail(refusal(403, 'the peer is this server itself'));
    }
    const { channelsPerAllocation, permissionsPerAllocation } = this.#context.settings.quotas;
    const isFull =
      (boundTo === undefined && allocation.channels.size >= channelsPerAllocation) ||
      (!allocation.peers.has(peer.address) && allocation.peers.size >= permissionsPerAllocation);
    if (isFull) return fail(refusal(508, 'too many channels'));
    this.#lifecycle.bindChannel(allocation, channel, peer, now);
    return DONE;
  }

  #refusedPeer(allocation: Allocation, family: Family, address: string): Refusal | undefined {
    if (allocation.relayOf(family) === undefined) {
      return refusal(443, `the allocation has no relayed address of IPv${family}`);
    }
    const forbidden = this.#context.settings.peers(address);
    return forbidden === undefined ? undefined : refusal(403, forbidden);
  }
}
