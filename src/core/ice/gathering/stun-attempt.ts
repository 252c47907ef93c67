import { formatSocketAddress, type SocketAddress } from '../../address.ts';
import type { AttemptKey, StageData, StageName } from '../../attempt.ts';
import { type BindingResult, requestBinding } from '../../stun/binding.ts';
import { endedStage, failedStage } from '../../stun/describe.ts';
import type { Exchange } from '../../stun/exchange.ts';
import type { StunLink } from '../../stun/link.ts';
import type { Instant } from '../../time.ts';
import type { GatherServer } from '../gatherer-io.ts';
import type { Attempt, GatheringContext } from './context.ts';
import type { Local } from './locals.ts';
import { Stream } from './stream.ts';
import type { UdpSocket } from './udp-socket.ts';

/**
 * A STUN server, asked for our address. Over UDP that gives a server-reflexive candidate; over TCP and TLS it shows
 * that the server works, but no candidate: an address mapped for a TCP connection to it is of no use to ICE over UDP.
 */
export class StunAttempt implements Attempt {
  readonly server: GatherServer;
  readonly #context: GatheringContext;
  readonly #local: Local;
  readonly #remote: SocketAddress;
  readonly #key: AttemptKey;
  #exchange: Exchange | undefined;
  #stream: Stream | undefined;
  #socket: UdpSocket | undefined;
  #localAddress: SocketAddress | null = null;
  #startedAt: Instant = 0;
  #settled = false;

  constructor(context: GatheringContext, server: GatherServer, local: Local, remote: SocketAddress) {
    this.#context = context;
    this.server = server;
    this.#local = local;
    this.#remote = remote;
    this.#key = context.tell.attemptKey(local, remote, server.uri.transport);
  }

  get settled(): boolean {
    return this.#settled;
  }

  get over(): boolean {
    return this.#settled;
  }

  get waitingFor(): string {
    if (this.#exchange !== undefined) return `the answer of ${formatSocketAddress(this.#remote)} to Binding`;
    return this.#stream?.waitingFor ?? `its turn to ask ${formatSocketAddress(this.#remote)}`;
  }

  begin(now: Instant): void {
    const { transport } = this.server.uri;
    if (transport !== 'udp') {
      this.#context.pacer.add((at) => this.#connect(transport, at), now);
      return;
    }
    const socket = this.#context.base(this.#local, now);
    this.#socket = socket;
    socket.whenReady((failure, at) => {
      if (this.#settled) return;
      if (failure !== undefined) this.#failed('connect', failure, at, at);
      else this.#context.pacer.add((then) => this.#ask(socket.link, socket.address ?? null, then), at);
    }, now);
  }

  stop(why: string, now: Instant): void {
    if (this.#settled) return;
    const data: StageData = {
      cause: 'not-run',
      problem: `${why} while waiting for ${this.waitingFor}`,
      requestsSent: this.#exchange?.requestsSent ?? 0,
    };
    this.#settled = true;
    if (this.#exchange === undefined && this.#stream !== undefined) this.#stream.stop(data, now);
    else {
      this.#exchange?.abandon();
      const startedAt = this.#exchange === undefined ? now : this.#startedAt;
      this.#stage(endedStage('binding', 'unknown', startedAt, now, data.problem ?? '', data));
      this.#stream?.close();
    }
    this.#context.progressed(now);
  }

  release(): void {}

  abandon(): void {}

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
        host: this.server.uri.host,
        opened: (link, local, at) => this.#ask(link, local, at),
        failed: (_data, at) => this.#settle(at),
      },
      now,
    );
  }

  #ask(link: StunLink, local: SocketAddress | null, now: Instant): void {
    if (this.#settled) return;
    this.#startedAt = now;
    this.#localAddress = local;
    const { settings } = this.#context;
    this.#exchange = requestBinding(
      link,
      this.#remote,
      link.kind === 'udp' ? settings.timing : settings.streamTiming,
      (result, at) => this.#answered(link, local, result, at),
      now,
    );
    if (link.kind === 'udp') this.#socket?.listenFor(this.#remote, now);
  }

  #answered(link: StunLink, local: SocketAddress | null, result: BindingResult, now: Instant): void {
    if (this.#settled) return;
    if (result.outcome === 'failed') {
      this.#failed('binding', { ...result.data, ...this.#socket?.evidenceFor(this.#remote) }, this.#startedAt, now);
      return;
    }
    const detail = `our address is ${formatSocketAddress(result.mapped)}`;
    this.#stage(endedStage('binding', 'pass', this.#startedAt, now, detail, result.data));
    if (link.kind === 'udp' && local !== null) {
      this.#context.tell.candidate({
        type: 'srflx',
        protocol: 'udp',
        address: result.mapped,
        base: local,
        related: local,
        local: this.#local,
        url: this.server.url,
        server: this.#remote,
        relayProtocol: null,
        rttMs: result.rttMs,
        requestsSent: result.requestsSent,
      });
    }
    this.#settle(now);
  }

  #failed(name: StageName, data: StageData, startedAt: Instant, now: Instant): void {
    this.#stage(failedStage(name, startedAt, now, data));
    this.#context.tell.candidateError(this.server.url, data, this.#localAddress, this.#remote.family);
    this.#settle(now);
  }

  #stage(stage: ReturnType<typeof endedStage>): void {
    const transport = this.#stream?.transport ?? this.#socket?.link.transport ?? null;
    this.#context.tell.stage(this.server.url, this.#key, stage, transport);
  }

  #settle(now: Instant): void {
    this.#settled = true;
    this.#stream?.close();
    this.#context.progressed(now);
  }
}
