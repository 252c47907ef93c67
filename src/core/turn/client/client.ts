import type { SocketAddress } from '../../address.ts';
import type { Deadline } from '../../machine.ts';
import type { Random } from '../../random.ts';
import type { Clue, Exchange } from '../../stun/exchange.ts';
import type { LinkUser, StunLink } from '../../stun/link.ts';
import { LongTermSession } from '../../stun/long-term.ts';
import type { StunMessage } from '../../stun/message.ts';
import type { Timing } from '../../stun/transaction.ts';
import type { Instant } from '../../time.ts';
import { decodeChannelData, encodeChannelData } from '../channel-data.ts';
import { Allocated } from './allocated.ts';
import { type AllocateOutcome, runAllocate } from './allocating.ts';
import { readIndication, sendIndication } from './relayed-data.ts';
import { Releasing, sendUnawaitedRelease } from './releasing.ts';
import { AuthenticatedRequests } from './requests.ts';
import {
  RELEASE_TIMING,
  type ReleaseOutcome,
  type RequestId,
  type TurnClientOptions,
  type TurnClientOwner,
} from './types.ts';
import { withoutAllocation } from './unallocated.ts';

export type TurnClientState = 'idle' | 'allocating' | 'moving' | 'allocated' | 'lost' | 'releasing' | 'ended';

/**
 * One allocation (RFC 8656): asks for it, keeps it, uses it, gives it back. Works on a link that it may share with others;
 * where it needs another one (300, 437) it asks its owner. Whatever happens, it ends with the result `released`: at once
 * after `failed` or on `release`.
 */
export class TurnClient implements LinkUser {
  readonly #options: TurnClientOptions;
  readonly #owner: TurnClientOwner;
  readonly #random: Random;
  readonly #visited: SocketAddress[] = [];
  #link: StunLink;
  #requests: AuthenticatedRequests;
  #state: TurnClientState = 'idle';
  #mismatched = false;
  /** The Allocate under way. */
  #asking: Exchange | undefined;
  #allocated: Allocated | undefined;
  #releasing: Releasing | undefined;

  constructor(
    link: StunLink,
    server: SocketAddress,
    options: TurnClientOptions,
    random: Random,
    owner: TurnClientOwner,
  ) {
    this.#link = link;
    this.#options = options;
    this.#owner = owner;
    this.#random = random;
    this.#requests = new AuthenticatedRequests(link, server, this.#freshSession());
    link.attach(this);
  }

  get server(): SocketAddress {
    return this.#requests.server;
  }

  /** Its realm and nonce; a connection that is to be joined to the allocation begins with them. */
  get session(): LongTermSession | undefined {
    return this.#requests.session;
  }

  get state(): TurnClientState {
    return this.#state;
  }

  /** Of what has to be renewed, or said again; retransmissions are the link's. */
  get deadline(): Deadline | undefined {
    return this.#state === 'releasing' ? this.#releasing?.deadline : this.#allocated?.deadline;
  }

  handleTimeout(now: Instant): void {
    if (this.#state === 'releasing') this.#releasing?.handleTimeout(now);
    else this.#allocated?.handleTimeout(now);
  }

  /** Once. */
  allocate(now: Instant): void {
    if (this.#state === 'idle') this.#ask(now);
  }

  /** After `redirected` or `mismatch`: goes on from there on another link. The old one is no longer used. */
  resume(link: StunLink, server: SocketAddress, now: Instant): void {
    if (this.#state !== 'moving') return;
    this.#link.detach(this);
    this.#link = link;
    // RFC 8489 10: a nonce of one server means nothing to another.
    this.#requests = new AuthenticatedRequests(link, server, this.#freshSession());
    link.attach(this);
    this.#ask(now);
  }

  /** Answered by a stage `refresh` with that id. `lifetime` in seconds. */
  refresh(id: RequestId, now: Instant, lifetime?: number): void {
    if (this.#allocated !== undefined && this.#state === 'allocated') this.#allocated.refresh(id, lifetime, now);
    else this.#owner.result(withoutAllocation('refresh', id, now), now);
  }

  /** Answered by a stage `permission` with that id. */
  createPermission(id: RequestId, peers: readonly SocketAddress[], now: Instant): void {
    if (this.#allocated !== undefined && this.#state === 'allocated') this.#allocated.createPermission(id, peers, now);
    else this.#owner.result(withoutAllocation('permission', id, now), now);
  }

  /** Answered by a stage `channel` with that id. */
  bindChannel(id: RequestId, channel: number, peer: SocketAddress, now: Instant): void {
    if (this.#allocated !== undefined && this.#state === 'allocated')
      this.#allocated.bindChannel(id, channel, peer, now);
    else this.#owner.result(withoutAllocation('channel', id, now), now);
  }

  /** RFC 6062 4.3. Answered by a stage `peer-connect` with that id, whose data has the `connectionId`. */
  connectPeer(id: RequestId, peer: SocketAddress, now: Instant): void {
    if (this.#allocated !== undefined && this.#state === 'allocated') this.#allocated.connectPeer(id, peer, now);
    else this.#owner.result(withoutAllocation('peer-connect', id, now), now);
  }

  /** By a Send indication; false where there is no allocation. */
  send(peer: SocketAddress, data: Uint8Array, dontFragment = false): boolean {
    if (this.#state !== 'allocated') return false;
    this.#link.send(this.server, sendIndication(this.#random.bytes(12), peer, data, dontFragment));
    return true;
  }

  /** By ChannelData; false where the channel is not bound. */
  sendChannel(channel: number, data: Uint8Array, unconfirmed = false): boolean {
    if (this.#state !== 'allocated' || (this.#allocated?.isBound(channel) !== true && !unconfirmed)) return false;
    // RFC 8656 12.5: on a stream ChannelData is padded.
    this.#link.send(this.server, encodeChannelData(channel, data, { padded: this.#link.kind !== 'udp' }));
    return true;
  }

  /** Gives back what there is, or may be; ends with the result `released` in any case. */
  release(now: Instant, timing: Timing = this.#options.releaseTiming ?? RELEASE_TIMING): void {
    switch (this.#state) {
      case 'idle':
      case 'moving':
        this.#end('none', now);
        return;
      case 'allocating':
        this.#asking?.abandon();
        if (this.#requests.authenticated) this.#giveBack(timing, true, now);
        else {
          // Only a server that asks nobody for credentials could have granted anything: a word is enough.
          sendUnawaitedRelease(this.#requests, timing, now);
          this.#end('none', now);
        }
        return;
      case 'allocated':
      case 'lost':
        this.#allocated?.stop(now);
        if (this.#allocated?.gone === true) this.#end('none', now);
        else this.#giveBack(timing, false, now);
        return;
      case 'releasing':
      case 'ended':
    }
  }

  /** Ends now: no time is left to wait for anything. What may stay on the server is told as lost. */
  abandon(now: Instant): void {
    if (this.#state !== 'releasing') this.release(now);
    this.#releasing?.abandon(now);
  }

  unasked(packet: StunMessage | Uint8Array, now: Instant): boolean {
    if (packet instanceof Uint8Array) {
      const decoded = decodeChannelData(packet);
      const peer = decoded.ok ? this.#allocated?.peerOf(decoded.value.channel) : undefined;
      if (!decoded.ok || peer === undefined) return false;
      const { channel, data } = decoded.value;
      this.#owner.result({ type: 'data', peer, channel, bytes: data }, now);
      return true;
    }
    const read = this.#allocated === undefined ? undefined : readIndication(packet);
    if (read === undefined) return false;
    this.#owner.result(read.type === 'data' ? { ...read, channel: null } : read, now);
    return true;
  }

  closed(clue: Clue, now: Instant): void {
    // In all other states the end of the request under way has told it.
    if (this.#state !== 'allocated') return;
    this.#allocated?.stop(now);
    this.#state = 'lost';
    this.#owner.result({ type: 'lost', data: { ...clue } }, now);
  }

  #freshSession(): LongTermSession | undefined {
    const { credentials, hashes } = this.#options;
    return credentials === undefined ? undefined : LongTermSession.start(credentials, hashes);
  }

  #ask(now: Instant): void {
    this.#state = 'allocating';
    this.#asking = runAllocate(
      {
        requests: this.#requests,
        timing: this.#options.timing,
        options: this.#options.allocate ?? {},
        visited: this.#visited,
        mismatched: this.#mismatched,
        result: (result, at) => this.#owner.result(result, at),
        ended: (outcome, at) => this.#asked(outcome, at),
        grantedLate: (at) => this.#late(at),
      },
      now,
    );
  }

  #asked(outcome: AllocateOutcome, now: Instant): void {
    this.#asking = undefined;
    switch (outcome.kind) {
      case 'granted':
        this.#state = 'allocated';
        this.#allocated = new Allocated(
          {
            transport: this.#link.transport,
            requests: this.#requests,
            timing: this.#options.timing,
            allocation: outcome.allocation,
            keepalive: this.#options.keepalive ?? true,
            event: (event) => this.#owner.event(event),
            result: (result, at) => {
              if (result.type === 'lost') this.#state = 'lost';
              this.#owner.result(result, at);
            },
          },
          now,
        );
        this.#owner.result({ type: 'allocated', allocation: outcome.allocation }, now);
        return;
      case 'redirected':
        this.#state = 'moving';
        this.#visited.push(this.server);
        this.#owner.result({ type: 'redirected', server: outcome.server, domain: outcome.domain }, now);
        return;
      case 'mismatch':
        this.#state = 'moving';
        this.#mismatched = true;
        this.#owner.result({ type: 'mismatch' }, now);
        return;
      case 'failed':
        this.#owner.result({ type: 'failed', data: outcome.data }, now);
        if (outcome.mayExist) this.#giveBack(this.#options.releaseTiming ?? RELEASE_TIMING, false, now);
        else this.#end('none', now);
    }
  }

  #giveBack(timing: Timing, overtaking: boolean, now: Instant): void {
    this.#state = 'releasing';
    this.#releasing = new Releasing(
      {
        transport: this.#link.transport,
        requests: this.#requests,
        timing,
        allocated: this.#allocated,
        overtaking,
        event: (event) => this.#owner.event(event),
        stage: (stage, at) => this.#owner.result({ type: 'stage', id: null, stage }, at),
        ended: (outcome, at) => this.#end(outcome, at),
      },
      now,
    );
  }

  /** An Allocate that was given up has been granted after all. */
  #late(now: Instant): void {
    if (this.#state === 'releasing') this.#releasing?.granted(now);
    else if (this.#state === 'ended') sendUnawaitedRelease(this.#requests, RELEASE_TIMING, now);
  }

  #end(outcome: ReleaseOutcome, now: Instant): void {
    this.#state = 'ended';
    this.#link.detach(this);
    this.#owner.result({ type: 'released', outcome }, now);
  }
}
