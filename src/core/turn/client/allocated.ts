import { formatSocketAddress, type SocketAddress } from '../../address.ts';
import type { StageData, StageName } from '../../attempt.ts';
import { ChannelNumber, ConnectionId, Lifetime, XorPeerAddress } from '../../stun/attributes.ts';
import { answerData, failureData } from '../../stun/binding.ts';
import { describeFailure, endedStage, failedStage } from '../../stun/describe.ts';
import type { MessageBuilder } from '../../stun/encode.ts';
import type { Exchange } from '../../stun/exchange.ts';
import { ErrorCode, Method } from '../../stun/registry.ts';
import type { Timing } from '../../stun/transaction.ts';
import type { Instant } from '../../time.ts';
import type { ProtocolEvent } from '../events.ts';
import { DEFAULT_LIFETIME } from './grant.ts';
import { Renewals, renewAfterMs } from './renewals.ts';
import type { AuthenticatedRequests, AuthenticatedResult } from './requests.ts';
import type { Allocation, RequestId, TurnResult } from './types.ts';

export interface AllocatedOptions {
  readonly transport: string;
  readonly requests: AuthenticatedRequests;
  readonly timing: Timing;
  readonly allocation: Allocation;
  readonly keepalive: boolean;
  event(event: ProtocolEvent): void;
  result(result: TurnResult, now: Instant): void;
}

interface UnderWay {
  readonly stage: StageName;
  readonly id: RequestId | null;
  readonly startedAt: Instant;
  exchange: Exchange | undefined;
}

/** RFC 8656 9: five minutes, in seconds. */
const PERMISSION_LIFETIME = 300;
/** With less left than this a failed renewal is not tried again. */
const LAST_CHANCE_MS = 1000;

/** An allocation that stands: renews it and what belongs to it, and serves requests for permissions and channels. */
export class Allocated {
  readonly allocation: Allocation;
  readonly #options: AllocatedOptions;
  readonly #renewals = new Renewals();
  readonly #underWay = new Set<UnderWay>();
  readonly #channels = new Map<number, SocketAddress>();
  readonly #bound = new Set<number>();
  readonly #permitted = new Set<string>();
  #expiresAt: Instant;
  #gone = false;

  constructor(options: AllocatedOptions, now: Instant) {
    this.#options = options;
    this.allocation = options.allocation;
    this.#expiresAt = now + 1000 * options.allocation.lifetime;
    this.#tell('created', options.allocation.lifetime);
    this.#renewLater(options.allocation.lifetime, now);
  }

  /** The server said that there is no such allocation. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Seconds that the server keeps it if nobody does anything. */
  remainingSeconds(now: Instant): number {
    return Math.max(0, Math.ceil((this.#expiresAt - now) / 1000));
  }

  get deadline() {
    return this.#renewals.deadline;
  }

  handleTimeout(now: Instant): void {
    this.#renewals.handleTimeout(now);
  }

  /** No more renewals; requests under way are told as not run. */
  stop(now: Instant): void {
    this.#renewals.clear();
    const open = [...this.#underWay];
    this.#underWay.clear();
    for (const { stage, id, startedAt, exchange } of open) {
      exchange?.abandon();
      if (id === null) continue;
      const data: StageData = { cause: 'not-run', problem: 'the allocation ended before the answer' };
      const ended = endedStage(stage, 'unknown', startedAt, now, describeFailure(data), data);
      this.#options.result({ type: 'stage', id, stage: ended }, now);
    }
  }

  peerOf(channel: number): SocketAddress | undefined {
    return this.#channels.get(channel);
  }

  isBound(channel: number): boolean {
    return this.#bound.has(channel);
  }

  /** `id` null: a renewal of our own. */
  refresh(id: RequestId | null, lifetime: number | undefined, now: Instant): void {
    const add = (builder: MessageBuilder) =>
      builder.addOptional(Lifetime, lifetime ?? this.#options.allocation.lifetime);
    this.#run('refresh', id, Method.Refresh, add, now, (result, at) => this.#refreshed(id, result, now, at));
  }

  /** RFC 8656 10.1. */
  createPermission(id: RequestId | null, peers: readonly SocketAddress[], now: Instant): void {
    const add = (builder: MessageBuilder) => peers.reduce((b, peer) => b.add(XorPeerAddress, peer), builder);
    const names = peers.map((peer) => peer.address);
    this.#run('permission', id, Method.CreatePermission, add, now, (result, at) => {
      if (result.outcome !== 'success') {
        this.#refused('permission', id, result, { peers: names }, now, at);
        const lost = names.filter((name) => this.#permitted.delete(name));
        if (lost.length > 0) this.#options.event({ type: 'permission', ...this.#stamp, change: 'lost', peers: lost });
        return;
      }
      const change = names.every((name) => this.#permitted.has(name)) ? 'refreshed' : 'created';
      for (const name of names) this.#permitted.add(name);
      this.#options.event({ type: 'permission', ...this.#stamp, change, peers: names });
      this.#done(
        'permission',
        id,
        `for ${names.join(', ')}`,
        { ...answerData(result, result.message), peers: names },
        now,
        at,
      );
      this.#renew(`the permission for ${names.join(', ')}`, PERMISSION_LIFETIME, at, (then) =>
        this.createPermission(null, peers, then),
      );
    });
  }

  /** RFC 8656 12.1. */
  bindChannel(id: RequestId | null, channel: number, peer: SocketAddress, now: Instant): void {
    const known = formatSocketAddress(peer);
    // From now on, for data may overtake the answer.
    if (!this.#channels.has(channel)) this.#channels.set(channel, peer);
    const add = (builder: MessageBuilder) => builder.add(ChannelNumber, channel).add(XorPeerAddress, peer);
    this.#run('channel', id, Method.ChannelBind, add, now, (result, at) => {
      const about = { channel, peer: known };
      if (result.outcome !== 'success') {
        this.#refused('channel', id, result, about, now, at);
        if (this.#bound.delete(channel))
          this.#options.event({ type: 'channel', ...this.#stamp, change: 'lost', ...about });
        this.#channels.delete(channel);
        return;
      }
      const change = this.#bound.has(channel) ? 'refreshed' : 'created';
      this.#bound.add(channel);
      this.#options.event({ type: 'channel', ...this.#stamp, change, ...about });
      const detail = `0x${channel.toString(16)} to ${known}`;
      this.#done('channel', id, detail, { ...answerData(result, result.message), ...about }, now, at);
      // The channel lives 600 s, but the permission that comes with it 300 s (RFC 8656 12): renewing it renews both.
      this.#renew(`channel ${detail}`, PERMISSION_LIFETIME, at, (then) => this.bindChannel(null, channel, peer, then));
    });
  }

  /** RFC 6062 4.3. The connection waits on the server until it is joined by another one of ours (ConnectionBind). */
  connectPeer(id: RequestId, peer: SocketAddress, now: Instant): void {
    const add = (builder: MessageBuilder) => builder.add(XorPeerAddress, peer);
    const about = { peer: formatSocketAddress(peer) };
    this.#run('peer-connect', id, Method.Connect, add, now, (result, at) => {
      if (result.outcome !== 'success') {
        this.#refused('peer-connect', id, result, about, now, at);
        return;
      }
      const connectionId = result.message.get(ConnectionId);
      const data = { ...answerData(result, result.message), ...about };
      if (connectionId !== undefined) {
        this.#done('peer-connect', id, `to ${about.peer}`, { ...data, connectionId }, now, at);
        return;
      }
      const problem = 'the answer lacks CONNECTION-ID';
      const stage = failedStage('peer-connect', now, at, { ...data, cause: 'malformed', problem });
      this.#options.result({ type: 'stage', id, stage }, at);
    });
  }

  #refreshed(id: RequestId | null, result: AuthenticatedResult, startedAt: Instant, now: Instant): void {
    if (result.outcome !== 'success') {
      this.#refused('refresh', id, result, {}, startedAt, now);
      if (result.outcome === 'error' && result.error.code === ErrorCode.AllocationMismatch) {
        this.#gone = true;
        this.#lost({ ...failureData(result), authenticated: result.authenticated }, now);
      } else if (id === null) this.#tryAgain(now);
      return;
    }
    const lifetime = result.message.get(Lifetime) ?? DEFAULT_LIFETIME;
    const data: StageData = { ...answerData(result, result.message), lifetime, authenticated: result.authenticated };
    if (lifetime === 0) {
      this.#gone = true;
      const problem = 'the server granted a lifetime of 0';
      const failed = { ...data, cause: 'unsupported' as const, problem };
      const stage = failedStage('refresh', startedAt, now, failed);
      this.#options.result({ type: 'stage', id, stage }, now);
      this.#lost(failed, now);
      return;
    }
    this.#expiresAt = now + 1000 * lifetime;
    this.#tell('refreshed', lifetime);
    this.#done('refresh', id, `for ${lifetime} s`, data, startedAt, now);
    this.#renewLater(lifetime, now);
  }

  /** A renewal failed: again while there is time, in ever shorter intervals. */
  #tryAgain(now: Instant): void {
    const left = this.#expiresAt - now;
    if (left < LAST_CHANCE_MS) return;
    this.#renewals.set('renewal of the allocation', now + left / 2, (at) => this.refresh(null, undefined, at));
  }

  #lost(data: StageData, now: Instant): void {
    this.stop(now);
    this.#tell('lost', this.#gone ? 0 : this.remainingSeconds(now));
    this.#options.result({ type: 'lost', data }, now);
  }

  #renewLater(lifetime: number, now: Instant): void {
    this.#renewals.set('expiry of the allocation', now + 1000 * lifetime, (at) => {
      this.#gone = true;
      this.#lost({ cause: 'timeout', problem: 'it expired without having been refreshed' }, at);
    });
    this.#renew('the allocation', lifetime, now, (at) => this.refresh(null, undefined, at));
  }

  #renew(what: string, lifetime: number, now: Instant, act: (now: Instant) => void): void {
    if (this.#options.keepalive) this.#renewals.set(`renewal of ${what}`, now + renewAfterMs(lifetime), act);
  }

  #run(
    stage: StageName,
    id: RequestId | null,
    method: number,
    add: (builder: MessageBuilder) => MessageBuilder,
    startedAt: Instant,
    ended: (result: AuthenticatedResult, now: Instant) => void,
  ): void {
    const { requests, timing } = this.#options;
    const request: UnderWay = { stage, id, startedAt, exchange: undefined };
    this.#underWay.add(request);
    request.exchange = requests.run(
      {
        method,
        timing,
        add,
        ended: (result, now) => {
          if (this.#underWay.delete(request)) ended(result, now);
        },
      },
      startedAt,
    );
  }

  /** Renewals that succeed are told by their events alone. */
  #done(
    stage: StageName,
    id: RequestId | null,
    detail: string,
    data: StageData,
    startedAt: Instant,
    now: Instant,
  ): void {
    if (id === null) return;
    this.#options.result({ type: 'stage', id, stage: endedStage(stage, 'pass', startedAt, now, detail, data) }, now);
  }

  #refused(
    stage: StageName,
    id: RequestId | null,
    result: Exclude<AuthenticatedResult, { outcome: 'success' }>,
    about: StageData,
    startedAt: Instant,
    now: Instant,
  ): void {
    const data: StageData = {
      ...about,
      ...failureData(result),
      authenticated: result.authenticated,
      ...(result.refusal === undefined ? {} : { problem: result.refusal.message, refusal: result.refusal.code }),
    };
    this.#options.result({ type: 'stage', id, stage: failedStage(stage, startedAt, now, data) }, now);
  }

  get #stamp() {
    return { transport: this.#options.transport };
  }

  #tell(change: 'created' | 'refreshed' | 'lost', lifetime: number): void {
    const { allocation, requests } = this.#options;
    this.#options.event({
      type: 'allocation',
      ...this.#stamp,
      change,
      server: formatSocketAddress(requests.server),
      relayedAddress: formatSocketAddress(allocation.relayed),
      mappedAddress: allocation.mapped === null ? null : formatSocketAddress(allocation.mapped),
      lifetime,
    });
  }
}
