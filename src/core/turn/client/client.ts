import { formatSocketAddress, type SocketAddress } from '../../address.ts';
import type { StageData } from '../../attempt.ts';
import type { Deadline } from '../../machine.ts';
import type { Random } from '../../random.ts';
import { Lifetime } from '../../stun/attributes.ts';
import { answerData, failureData } from '../../stun/binding.ts';
import { endedStage, failedStage } from '../../stun/describe.ts';
import type { Clue, Exchange } from '../../stun/exchange.ts';
import type { LinkUser, StunLink } from '../../stun/link.ts';
import type { StunMessage } from '../../stun/message.ts';
import { ErrorCode, Method } from '../../stun/registry.ts';
import type { Timing } from '../../stun/transaction.ts';
import type { Instant } from '../../time.ts';
import { decodeChannelData, encodeChannelData } from '../channel-data.ts';
import { Allocated, withoutAllocation } from './allocated.ts';
import { type AllocateOutcome, runAllocate } from './allocating.ts';
import { DEFAULT_LIFETIME } from './grant.ts';
import { readIndication, sendIndication } from './relayed-data.ts';
import { AuthenticatedRequests, type AuthenticatedResult } from './requests.ts';
import {
  RELEASE_TIMING,
  type ReleaseOutcome,
  type RequestId,
  type TurnClientOptions,
  type TurnClientOwner,
} from './types.ts';

export type TurnClientState = 'idle' | 'allocating' | 'moving' | 'allocated' | 'lost' | 'releasing' | 'ended';

/** How much later than a datagram that was sent after it an Allocate may arrive and still be found. */
const OVERTAKING_MS = 500;

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
  /** The Allocate under way, or the Refresh that ends it. */
  #asking: Exchange | undefined;
  #allocated: Allocated | undefined;
  /** An Allocate was under way when the Refresh that ends it was sent: it may arrive after it. */
  #overtaken = false;
  #sayAgain: { readonly at: Instant; readonly timing: Timing } | undefined;

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
    this.#requests = new AuthenticatedRequests(link, server, options.credentials, options.hashes);
    link.attach(this);
  }

  get server(): SocketAddress {
    return this.#requests.server;
  }

  get state(): TurnClientState {
    return this.#state;
  }

  /** Of what has to be renewed; retransmissions are the link's. */
  get deadline(): Deadline | undefined {
    if (this.#sayAgain !== undefined)
      return { at: this.#sayAgain.at, why: 'a second release, should the first have come too early' };
    return this.#allocated?.deadline;
  }

  handleTimeout(now: Instant): void {
    const again = this.#sayAgain;
    if (again === undefined) this.#allocated?.handleTimeout(now);
    else if (now >= again.at) {
      this.#sayAgain = undefined;
      this.#giveBack(again.timing, now);
    }
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
    this.#requests = new AuthenticatedRequests(link, server, this.#options.credentials, this.#options.hashes);
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

  /** By a Send indication; false where there is no allocation. */
  send(peer: SocketAddress, data: Uint8Array, dontFragment = false): boolean {
    if (this.#state !== 'allocated') return false;
    this.#link.send(this.server, sendIndication(this.#random.bytes(12), peer, data, dontFragment));
    return true;
  }

  /** By ChannelData; false where the channel is not bound. */
  sendChannel(channel: number, data: Uint8Array): boolean {
    if (this.#state !== 'allocated' || this.#allocated?.isBound(channel) !== true) return false;
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
        if (this.#requests.authenticated) {
          this.#overtaken = true;
          this.#giveBack(timing, now);
        } else {
          // Only a server that asks nobody for credentials could have granted anything: a word is enough, unanswered.
          this.#state = 'releasing';
          this.#sayRelease(timing, now, () => {}).abandon();
          this.#end('none', now);
        }
        return;
      case 'allocated':
      case 'lost':
        this.#allocated?.stop();
        if (this.#allocated?.gone === true) this.#end('none', now);
        else this.#giveBack(timing, now);
        return;
      case 'releasing':
      case 'ended':
    }
  }

  /** Ends at once, without a word to the server: no time is left. */
  abandon(now: Instant): void {
    const { authenticated } = this.#requests;
    const mayExist =
      this.#state === 'releasing' ||
      (this.#state === 'allocating' && authenticated) ||
      ((this.#state === 'allocated' || this.#state === 'lost') && this.#allocated?.gone !== true);
    if (this.#state === 'ended') return;
    this.#asking?.abandon();
    this.#allocated?.stop();
    if (mayExist) this.#tell('lost', this.#allocated?.remainingSeconds(now) ?? DEFAULT_LIFETIME);
    this.#end(mayExist ? 'unconfirmed' : 'none', now);
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
    this.#allocated?.stop();
    this.#state = 'lost';
    this.#owner.result({ type: 'lost', data: { ...clue } }, now);
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
        if (outcome.mayExist) this.#giveBack(this.#options.releaseTiming ?? RELEASE_TIMING, now);
        else this.#end('none', now);
    }
  }

  #giveBack(timing: Timing, now: Instant): void {
    this.#state = 'releasing';
    this.#asking = this.#sayRelease(timing, now, (result, at) => this.#saidRelease(timing, result, now, at));
  }

  /** RFC 8656 8.1: a Refresh with LIFETIME 0. */
  #sayRelease(timing: Timing, now: Instant, ended: (result: AuthenticatedResult, now: Instant) => void): Exchange {
    // What was granted with a wrong integrity is given back under the same conditions.
    const unverified = this.#allocated === undefined;
    return this.#requests.run(
      { method: Method.Refresh, timing, unverified, add: (builder) => builder.add(Lifetime, 0), ended },
      now,
    );
  }

  #saidRelease(timing: Timing, result: AuthenticatedResult, startedAt: Instant, now: Instant): void {
    if (this.#state !== 'releasing') return;
    const known = this.#allocated !== undefined;
    const stageOf = (status: 'pass' | 'warn', detail: string, data: StageData) => {
      this.#owner.result(
        { type: 'stage', id: null, stage: endedStage('release', status, startedAt, now, detail, data) },
        now,
      );
    };
    if (result.outcome === 'success') {
      stageOf('pass', 'the server confirmed it', answerData(result, result.message));
      this.#tell('released', 0);
      this.#end('released', now);
      return;
    }
    const data = failureData(result);
    if (result.outcome === 'error' && result.error.code === ErrorCode.AllocationMismatch) {
      if (this.#overtaken) {
        this.#overtaken = false;
        this.#sayAgain = { at: now + OVERTAKING_MS, timing };
        return;
      }
      stageOf(known ? 'warn' : 'pass', known ? 'the server knew it no longer' : 'there was nothing to release', data);
      if (known) this.#tell('lost', 0);
      this.#end('none', now);
      return;
    }
    this.#owner.result({ type: 'stage', id: null, stage: failedStage('release', startedAt, now, data) }, now);
    this.#tell('lost', this.#allocated?.remainingSeconds(now) ?? DEFAULT_LIFETIME);
    this.#end('unconfirmed', now);
  }

  /** An Allocate that was given up has been granted after all. */
  #late(now: Instant): void {
    // In doubt the Refresh is sent once more anyway; now there is none.
    if (this.#state === 'releasing') {
      if (this.#sayAgain !== undefined) this.#sayAgain = { ...this.#sayAgain, at: now };
    } else if (this.#state === 'ended') this.#sayRelease(RELEASE_TIMING, now, () => {}).abandon();
  }

  #tell(change: 'released' | 'lost', lifetime: number): void {
    const allocation = this.#allocated?.allocation;
    this.#owner.event({
      type: 'allocation',
      transport: this.#link.transport,
      change,
      server: formatSocketAddress(this.server),
      relayedAddress: allocation === undefined ? null : formatSocketAddress(allocation.relayed),
      mappedAddress: allocation?.mapped == null ? null : formatSocketAddress(allocation.mapped),
      lifetime,
    });
  }

  #end(outcome: ReleaseOutcome, now: Instant): void {
    this.#state = 'ended';
    this.#sayAgain = undefined;
    this.#link.detach(this);
    this.#owner.result({ type: 'released', outcome }, now);
  }
}
