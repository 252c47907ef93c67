import { formatSocketAddress, type SocketAddress } from '../../address.ts';
import type { AttemptKey, StageData } from '../../attempt.ts';
import type { TransportId } from '../../machine.ts';
import { endedStage, failedStage } from '../../stun/describe.ts';
import type { StunLink } from '../../stun/link.ts';
import type { Instant } from '../../time.ts';
import type { GatherServer } from '../gatherer-io.ts';
import type { GatheringContext } from './context.ts';
import type { Local } from './locals.ts';
import { Stream } from './stream.ts';
import { UdpSocket } from './udp-socket.ts';

export interface TurnWayRequest {
  readonly server: GatherServer;
  readonly local: Local;
  readonly remote: SocketAddress;
  /** For TLS. */
  readonly host: string;
  readonly key: AttemptKey;
  /** From a new port, although the shared one would do. */
  readonly fresh: boolean;
  /** At its turn, once the transport stands. */
  ready(link: StunLink, local: SocketAddress | null, now: Instant): void;
  /** The stage and the candidate error are told. */
  failed(now: Instant): void;
}

/** The transport of one TURN client to one address of a server: the base's own socket, one of its own, or a connection. */
export class TurnWay {
  readonly key: AttemptKey;
  readonly remote: SocketAddress;
  readonly #context: GatheringContext;
  readonly #request: TurnWayRequest;
  readonly #socket: UdpSocket | undefined;
  readonly #base: UdpSocket | undefined;
  #stream: Stream | undefined;
  #isReady = false;
  #closed = false;

  constructor(context: GatheringContext, request: TurnWayRequest, now: Instant) {
    this.#context = context;
    this.#request = request;
    this.key = request.key;
    this.remote = request.remote;
    const { server, local, remote, fresh } = request;
    if (server.uri.transport !== 'udp') return;
    const base = context.base(local, now);
    this.#base = base;
    this.#socket = !fresh && base.claimForTurn(remote) ? base : new UdpSocket(context, local);
  }

  /** Once. May call back at once. */
  open(now: Instant): void {
    const { transport } = this.#request.server.uri;
    if (transport !== 'udp') {
      this.#context.pacer.add((at) => this.#connect(transport, at), now);
      return;
    }
    const socket = this.#socket;
    socket?.whenReady((failure, at) => {
      if (this.#closed) return;
      if (failure !== undefined) this.#fail(failure, at);
      else this.#context.pacer.add((then) => this.#ready(socket.link, socket.address ?? null, then), at);
    }, now);
  }

  get transport(): TransportId | null {
    return this.#stream?.transport ?? this.#socket?.link.transport ?? null;
  }

  /** The socket that the host candidate stands for, where this is it. */
  get base(): UdpSocket | undefined {
    return this.#socket !== undefined && this.#socket === this.#base ? this.#base : undefined;
  }

  get waitingFor(): string {
    return this.#stream?.waitingFor ?? `its turn to ask ${formatSocketAddress(this.remote)}`;
  }

  /** What else is known about a server that does not answer. */
  get evidence(): StageData {
    return this.#socket?.evidenceFor(this.remote) ?? {};
  }

  /** From now on silence is suspicious. */
  listen(now: Instant): void {
    this.#socket?.listenFor(this.remote, now);
  }

  /** Not wanted any more; what is not open yet is told as not known. */
  stop(data: StageData, now: Instant): void {
    if (!this.#isReady) {
      if (this.#stream !== undefined) this.#stream.stop(data, now);
      else {
        const stage = endedStage('challenge', 'unknown', now, now, data.problem ?? '', data);
        this.#context.tell.stage(this.#request.server.url, this.key, stage, this.transport);
      }
    }
    this.close();
  }

  close(): void {
    this.#closed = true;
    if (this.base === undefined) this.#socket?.close();
    this.#stream?.close();
  }

  #connect(kind: 'tcp' | 'tls', now: Instant): void {
    if (this.#closed) return;
    const { server, local, remote, host, key } = this.#request;
    this.#stream = new Stream(
      this.#context,
      {
        url: server.url,
        key,
        kind,
        local,
        remote,
        host,
        opened: (link, address, at) => this.#ready(link, address, at),
        failed: (_data, at) => this.#request.failed(at),
      },
      now,
    );
  }

  #ready(link: StunLink, address: SocketAddress | null, now: Instant): void {
    if (this.#closed) return;
    this.#isReady = true;
    this.#request.ready(link, address, now);
  }

  #fail(data: StageData, now: Instant): void {
    const { server } = this.#request;
    this.#context.tell.stage(server.url, this.key, failedStage('connect', now, now, data), this.transport);
    this.#context.tell.candidateError(server.url, data, null, this.remote.family);
    this.#request.failed(now);
  }
}
