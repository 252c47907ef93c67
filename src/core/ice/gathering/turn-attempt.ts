import { formatSocketAddress, type SocketAddress } from '../../address.ts';
import type { AttemptKey, Stage, StageData } from '../../attempt.ts';
import type { TransportId } from '../../machine.ts';
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
import { Stream } from './stream.ts';
import { UdpSocket } from './udp-socket.ts';

/** A TURN server, asked for an allocation, over whichever transport its URL names; wherever it sends us (300, 437). */
export class TurnAttempt implements Attempt {
  readonly server: GatherServer;
  readonly #context: GatheringContext;
  readonly #local: Local;
  readonly #binding: BesideTurn;
  #key: AttemptKey;
  #remote: SocketAddress;
  #host: string;
  #client: TurnClient | undefined;
  #socket: UdpSocket | undefined;
  #stream: Stream | undefined;
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
    this.#key = context.attemptKey(local, remote, server.uri.transport);
    this.#binding = new BesideTurn({
      stage: (stage) => this.#stage(stage),
      ended: (result, now) => {
        context.timed.delete(this.#binding);
        if (result !== undefined) this.#reflexive(result.mapped, result.rttMs, result.requestsSent);
        this.#settleWhenDone(now);
      },
    });
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
        return this.#stream?.waitingFor ?? `its turn to ask ${server}`;
      default:
        return `the answer of ${server} to Binding`;
    }
  }

  begin(now: Instant): void {
    if (this.server.uri.dtls === true) {
      const data: StageData = {
        cause: 'unsupported',
        problem: 'TURN over DTLS (turns: with transport=udp) is not supported',
      };
      this.#fail('connect', data, now);
    } else this.#open(false, now);
  }

  stop(why: string, now: Instant): void {
    if (this.#settled) return;
    this.#binding.stop();
    this.#context.timed.delete(this.#binding);
    if (!this.#allocateDone) {
      const problem = `${why} while waiting for ${this.waitingFor}`;
      const data: StageData = { cause: 'not-run', problem };
      const asking = this.#client?.state === 'allocating';
      if (!asking && this.#stream !== undefined) this.#stream.stop(data, now);
      else {
        const name = this.#challenged ? 'allocate' : 'challenge';
        this.#stage(endedStage(name, 'unknown', asking ? this.#startedAt : now, now, problem, data));
      }
    }
    this.#settled = true;
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

  get #datagrams(): boolean {
    return this.server.uri.transport === 'udp';
  }

  /** Opens a way to the server, from a new port where the old one will not do. */
  #open(fresh: boolean, now: Instant): void {
    const { transport } = this.server.uri;
    if (transport !== 'udp') {
      this.#context.pacer.add((at) => this.#connect(transport, at), now);
      return;
    }
    const base = this.#context.base(this.#local, now);
    const socket = !fresh && base.claimForTurn(this.#remote) ? base : new UdpSocket(this.#context, this.#local);
    this.#socket = socket;
    socket.whenReady((failure, at) => {
      if (this.#settled) return;
      if (failure !== undefined) this.#fail('connect', failure, at);
      else this.#context.pacer.add((then) => this.#ask(socket.link, socket.address ?? null, then), at);
    }, now);
  }

  #connect(kind: 'tcp' | 'tls', now: Instant): void {
    if (this.#settled) return;
    this.#stream = new Stream(
      this.#context,
      {
        url: this.server.url,
        key: this.#key,
        kind,
        local: this.#local,
        remote: this.#remote,
        host: this.#host,
        opened: (link, local, at) => this.#ask(link, local, at),
        // The stage and the candidate error are told already.
        failed: (_data, at) => this.#failed(at),
      },
      now,
    );
  }

  #ask(link: StunLink, local: SocketAddress | null, now: Instant): void {
    if (this.#settled) return;
    this.#link = link;
    this.#localAddress = local;
    this.#startedAt = now;
    this.#challenged = false;
    const { settings } = this.#context;
    if (this.#client === undefined) {
      this.#client = this.#newClient(link);
      this.#context.timed.add(this.#client);
      this.#client.allocate(now);
    } else this.#client.resume(link, this.#remote, now);
    if (link.kind !== 'udp') return;
    this.#socket?.listenFor(this.#remote, now);
    if (settings.policy === 'relay' || !this.#onBase || this.#binding.done || this.#allocateDone) {
      if (!this.#binding.done) this.#binding.stop();
      return;
    }
    this.#context.timed.add(this.#binding);
    this.#context.pacer.add((at) => this.#binding.begin(link, this.#remote, settings.timing, at), now);
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
        this.#context.candidateError(this.server.url, result.data, this.#localAddress, this.#remote.family);
        this.#allocateDone = true;
        this.#binding.allocateEnded(result.data.cause === 'stun-error' ? 'answered' : 'unanswered', now);
        this.#settleWhenDone(now);
        return;
      case 'redirected':
        this.#remote = result.server;
        this.#host = result.domain ?? this.#host;
        this.#key = this.#context.attemptKey(this.#local, result.server, this.server.uri.transport);
        this.#move(false, now);
        return;
      case 'mismatch':
        this.#move(true, now);
        return;
      case 'released':
        if (this.#again) this.#askAgain(now);
        else {
          this.#finish();
          this.#settleWhenDone(now);
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
      return;
    }
    const more = this.#socket?.evidenceFor(this.#remote) ?? {};
    this.#stage({ ...stage, data: { ...stage.data, ...more } });
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
    if (mapped !== null && this.#onBase) this.#reflexive(mapped, rttMs, requestsSent);
    for (const address of [allocation.relayed, allocation.additional]) {
      if (address === null) continue;
      this.#context.candidate({
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
    this.#allocateDone = true;
    this.#binding.allocateEnded('granted', now);
    this.#settleWhenDone(now);
  }

  /** From a base that is a host candidate, the mapped address is a candidate too (RFC 8445 5.1.1.2). */
  #reflexive(mapped: SocketAddress, rttMs: number | null, requestsSent: number): void {
    const base = this.#context.base(this.#local, this.#startedAt).address;
    if (base === undefined || this.#reflexiveTold || this.#context.settings.policy === 'relay') return;
    this.#reflexiveTold = true;
    this.#context.candidate({
      type: 'srflx',
      protocol: 'udp',
      address: mapped,
      base,
      related: base,
      local: this.#local,
      url: this.server.url,
      server: this.#remote,
      relayProtocol: null,
      rttMs,
      requestsSent,
    });
  }

  /** Whether our socket is the one that the host candidate stands for. */
  get #onBase(): boolean {
    return this.#socket !== undefined && this.#socket === this.#context.base(this.#local, this.#startedAt);
  }

  #move(fresh: boolean, now: Instant): void {
    this.#close();
    this.#open(fresh, now);
  }

  #fail(name: 'connect', data: StageData, now: Instant): void {
    this.#stage(failedStage(name, now, now, data));
    this.#context.candidateError(this.server.url, data, this.#localAddress, this.#remote.family);
    this.#failed(now);
  }

  /** There is no way to the server. */
  #failed(now: Instant): void {
    this.#allocateDone = true;
    this.#binding.allocateEnded('unanswered', now);
    if (this.#client === undefined) this.#over = true;
    this.#settleWhenDone(now);
    this.#client?.release(now);
  }

  #settleWhenDone(now: Instant): void {
    if (this.#settled || !this.#allocateDone || (this.#datagrams && !this.#binding.done)) return;
    this.#settled = true;
    this.#context.progressed(now);
  }

  #finish(): void {
    this.#over = true;
    this.#forgetClient();
    this.#close();
  }

  #forgetClient(): void {
    if (this.#client !== undefined) this.#context.timed.delete(this.#client);
    this.#client = undefined;
  }

  #close(): void {
    if (this.#socket !== undefined && !this.#onBase) this.#socket.close();
    this.#stream?.close();
    this.#stream = undefined;
  }

  #stage(stage: Stage): void {
    const transport: TransportId | null = this.#stream?.transport ?? this.#socket?.link.transport ?? null;
    this.#context.stage(this.server.url, this.#key, stage, transport);
  }
}
