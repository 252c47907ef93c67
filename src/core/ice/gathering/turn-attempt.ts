import { formatSocketAddress, type SocketAddress } from '../../address.ts';
import type { Stage, StageData } from '../../attempt.ts';
import { endedStage, failedStage } from '../../stun/describe.ts';
import type { StunLink } from '../../stun/link.ts';
import { ErrorCode } from '../../stun/registry.ts';
import type { Timing } from '../../stun/transaction.ts';
import type { Instant } from '../../time.ts';
import { TurnClient } from '../../turn/client/client.ts';
import type { AllocateOptions, Allocation, TurnResult } from '../../turn/client/types.ts';
import type { GatherServer } from '../gatherer-io.ts';
import { BesideTurn } from './beside-turn.ts';
import type { Attempt, GatheringContext } from './context.ts';
import type { Local } from './locals.ts';
import { TurnWay } from './turn-way.ts';

/** A TURN server, asked for an allocation, over whichever transport its URL names; wherever it sends us (300, 437). */
export class TurnAttempt implements Attempt {
  readonly server: GatherServer;
  readonly #context: GatheringContext;
  readonly #local: Local;
  #way: TurnWay | undefined;
  #remote: SocketAddress;
  #host: string;
  #client: TurnClient | undefined;
  #binding: BesideTurn | undefined;
  #link: StunLink | undefined;
  #localAddress: SocketAddress | null = null;
  #startedAt: Instant = 0;
  #challenged = false;
  /** Asked for without a family, because the server knows nothing of ours. */
  #anyFamily = false;
  #again = false;
  #allocateDone = false;
  #reflexiveTold = false;
  #settled = false;
  #over = false;

  constructor(context: GatheringContext, server: GatherServer, local: Local, remote: SocketAddress) {
    this.#context = context;
    this.server = server;
    this.#local = local;
    this.#remote = remote;
    this.#host = server.uri.host;
  }

  get settled(): boolean {
    return this.#settled;
  }

  get over(): boolean {
    return this.#over;
  }

  get waitingFor(): string {
    const server = formatSocketAddress(this.#remote);
    switch (this.#client?.state) {
      case 'allocating':
        return `the answer of ${server} to Allocate`;
      case 'releasing':
        return `the answer of ${server} to Refresh`;
      case undefined:
      case 'moving':
        return this.#way?.waitingFor ?? `its turn to ask ${server}`;
      default:
        return `the answer of ${server} to Binding`;
    }
  }

  begin(now: Instant): void {
    if (this.server.uri.dtls !== true) {
      this.#goTo(this.#remote, false, now);
      return;
    }
    const problem = 'TURN over DTLS (turns: with transport=udp) is not supported';
    const data: StageData = { cause: 'unsupported', problem };
    const key = this.#context.tell.attemptKey(this.#local, this.#remote, this.server.uri.transport);
    this.#context.tell.stage(this.server.url, key, failedStage('connect', now, now, data), null);
    this.#context.tell.candidateError(this.server.url, data, null, this.#remote.family);
    this.#failed(now);
  }

  stop(why: string, now: Instant): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#binding?.stop();
    if (!this.#allocateDone) {
      const problem = `${why} while waiting for ${this.waitingFor}`;
      const data: StageData = { cause: 'not-run', problem };
      if (this.#client?.state === 'allocating') {
        const name = this.#challenged ? 'allocate' : 'challenge';
        this.#stage(endedStage(name, 'unknown', this.#startedAt, now, problem, data));
      } else this.#way?.stop(data, now);
    }
    if (this.#client === undefined) this.#finish();
    this.#context.progressed(now);
  }

  release(timing: Timing, now: Instant): void {
    if (this.#client === undefined) this.#finish();
    else this.#client.release(now, timing);
  }

  abandon(now: Instant): void {
    this.#client?.abandon(now);
    this.#finish();
  }

  /** Opens a way to the server, from a new port where the old one will not do. */
  #goTo(remote: SocketAddress, fresh: boolean, now: Instant): void {
    const { server } = this;
    const same = this.#way !== undefined && this.#remote === remote;
    const key = same ? this.#way?.key : undefined;
    this.#way?.close();
    this.#remote = remote;
    this.#way = new TurnWay(
      this.#context,
      {
        server,
        local: this.#local,
        remote,
        host: this.#host,
        key: key ?? this.#context.tell.attemptKey(this.#local, remote, server.uri.transport),
        fresh,
        ready: (link, local, at) => this.#ask(link, local, at),
        failed: (at) => this.#failed(at),
      },
      now,
    );
    this.#way.open(now);
  }

  #ask(link: StunLink, local: SocketAddress | null, now: Instant): void {
    if (this.#settled) return;
    this.#link = link;
    this.#localAddress = local;
    this.#startedAt = now;
    this.#challenged = false;
    if (this.#client === undefined) {
      this.#client = this.#newClient(link);
      this.#context.timed.add(this.#client);
      this.#client.allocate(now);
    } else this.#client.resume(link, this.#remote, now);
    this.#way?.listen(now);
    this.#askForBinding(now);
  }

  /** Once, and from the socket that the host candidate stands for: elsewhere the answer would be no candidate. */
  #askForBinding(now: Instant): void {
    const way = this.#way;
    if (way?.base === undefined || this.#binding !== undefined || this.#allocateDone) return;
    if (this.#context.settings.policy === 'relay') return;
    this.#binding = new BesideTurn(
      this.#context,
      this.server.url,
      way,
      (result, at) => {
        if (result !== undefined) this.#reflexive(way, result.mapped, result.rttMs, result.requestsSent);
        this.#settleWhenDone(at);
      },
      now,
    );
  }

  #newClient(link: StunLink): TurnClient {
    const { settings, outputs } = this.#context;
    const { username, credential } = this.server;
    return new TurnClient(
      link,
      this.#remote,
      {
        ...(username === undefined || credential === undefined
          ? {}
          : { credentials: { username, password: credential } }),
        hashes: settings.hashes,
        timing: link.kind === 'udp' ? settings.timing : settings.streamTiming,
        allocate: this.#allocateOptions(),
      },
      settings.random,
      { event: (event) => outputs.event(event), result: (result, now) => this.#result(result, now) },
    );
  }

  /** RFC 8656 7.1: an IPv4 address is what a request without a family asks for, and what old servers understand. */
  #allocateOptions(): AllocateOptions {
    if (this.#context.settings.relayFamilies === 'both') return { additionalIPv6: true };
    return this.#local.family === 6 && !this.#anyFamily ? { family: 6 } : {};
  }

  #result(result: TurnResult, now: Instant): void {
    switch (result.type) {
      case 'stage':
        this.#turnStage(result.stage, now);
        return;
      case 'allocated':
        this.#allocated(result.allocation, now);
        return;
      case 'failed':
        if (this.#again) return;
        this.#context.tell.candidateError(this.server.url, result.data, this.#localAddress, this.#remote.family);
        this.#allocateEnded(result.data.cause === 'stun-error' ? 'answered' : 'unanswered', now);
        return;
      case 'redirected':
        this.#host = result.domain ?? this.#host;
        this.#goTo(result.server, false, now);
        return;
      case 'mismatch':
        this.#goTo(this.#remote, true, now);
        return;
      case 'released':
        if (this.#again) this.#askAgain(now);
        else {
          this.#finish();
          this.#context.progressed(now);
        }
        return;
      default:
    }
  }

  #turnStage(stage: Stage, now: Instant): void {
    if (stage.stage === 'challenge' && stage.status === 'pass') {
      this.#challenged = true;
      this.#startedAt = now;
    }
    if (stage.status !== 'fail' || (stage.stage !== 'allocate' && stage.stage !== 'challenge')) {
      this.#stage(stage);
      return;
    }
    const { errorCode } = stage.data;
    const unknownFamily = errorCode === ErrorCode.AddressFamilyNotSupported || errorCode === ErrorCode.UnknownAttribute;
    if (unknownFamily && this.#client?.state === 'allocating' && this.#allocateOptions().family !== undefined) {
      // A relayed address of the other family is better than none, and is what browsers get from such a server.
      this.#again = true;
      this.#stage({ ...stage, status: 'warn', detail: `${stage.detail}: once more without asking for IPv6` });
    } else this.#stage({ ...stage, data: { ...stage.data, ...this.#way?.evidence } });
  }

  #askAgain(now: Instant): void {
    this.#again = false;
    this.#anyFamily = true;
    this.#forgetClient();
    if (this.#link === undefined || this.#settled) this.#finish();
    else this.#ask(this.#link, this.#localAddress, now);
  }

  #allocated(allocation: Allocation, now: Instant): void {
    const { rttMs, requestsSent, mapped } = allocation;
    const base = mapped === null ? undefined : this.#way?.base;
    if (mapped !== null && this.#way !== undefined && base !== undefined) {
      this.#reflexive(this.#way, mapped, rttMs, requestsSent);
    }
    for (const address of [allocation.relayed, allocation.additional]) {
      if (address === null) continue;
      this.#context.tell.candidate({
        type: 'relay',
        protocol: 'udp',
        address,
        base: address,
        // RFC 8839 5.1: the related address of a relayed candidate is the mapped address.
        related: mapped ?? this.#localAddress,
        local: this.#local,
        url: this.server.url,
        server: this.#remote,
        relayProtocol: this.server.uri.transport,
        rttMs,
        requestsSent,
      });
    }
    // From a new port (437) it tells nothing of the base: the Binding that was sent from there still does.
    this.#allocateEnded(base === undefined ? 'answered' : 'granted', now);
  }

  /** From a base that is a host candidate, the mapped address is a candidate too (RFC 8445 5.1.1.2). */
  #reflexive(way: TurnWay, mapped: SocketAddress, rttMs: number | null, requestsSent: number): void {
    const base = way.base?.address;
    if (base === undefined || this.#reflexiveTold || this.#context.settings.policy === 'relay') return;
    this.#reflexiveTold = true;
    this.#context.tell.candidate({
      type: 'srflx',
      protocol: 'udp',
      address: mapped,
      base,
      related: base,
      local: this.#local,
      url: this.server.url,
      server: way.remote,
      relayProtocol: null,
      rttMs,
      requestsSent,
    });
  }

  /** There is no way to the server. */
  #failed(now: Instant): void {
    if (this.#client === undefined) this.#over = true;
    this.#allocateEnded('unanswered', now);
    this.#client?.release(now);
  }

  #allocateEnded(how: 'granted' | 'answered' | 'unanswered', now: Instant): void {
    this.#allocateDone = true;
    this.#binding?.allocateEnded(how, now);
    this.#settleWhenDone(now);
  }

  #settleWhenDone(now: Instant): void {
    if (this.#settled || !this.#allocateDone || this.#binding?.done === false) return;
    this.#settled = true;
    this.#context.progressed(now);
  }

  #finish(): void {
    this.#over = true;
    this.#forgetClient();
    this.#way?.close();
  }

  #forgetClient(): void {
    if (this.#client !== undefined) this.#context.timed.delete(this.#client);
    this.#client = undefined;
  }

  #stage(stage: Stage): void {
    if (this.#way === undefined) return;
    this.#context.tell.stage(this.server.url, this.#way.key, stage, this.#way.transport);
  }
}
