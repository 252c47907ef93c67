import type { SocketAddress } from '../../address.ts';
import { formatSocketAddress } from '../../address.ts';
import type { AttemptKey, StageData, StageName } from '../../attempt.ts';
import type { TransportId } from '../../machine.ts';
import { endedStage, failedStage } from '../../stun/describe.ts';
import { StunLink } from '../../stun/link.ts';
import { causeOfSystemError } from '../../system-error.ts';
import type { Instant } from '../../time.ts';
import type { GatheringContext } from './context.ts';
import type { Local } from './locals.ts';

export interface StreamRequest {
  readonly url: string;
  readonly key: AttemptKey;
  readonly kind: 'tcp' | 'tls';
  readonly local: Local;
  readonly remote: SocketAddress;
  readonly host: string;
  opened(link: StunLink, local: SocketAddress, now: Instant): void;
  /** Could not be opened. What fails later is told to those who use the link. */
  failed(data: StageData, now: Instant): void;
}

/** A TCP or TLS connection to a server: its stages `connect` and `tls`, then a link. */
export class Stream {
  readonly #context: GatheringContext;
  readonly #request: StreamRequest;
  readonly #transport: TransportId;
  #startedAt: Instant;
  #step: StageName = 'connect';
  #local: SocketAddress | null = null;
  #link: StunLink | undefined;

  constructor(context: GatheringContext, request: StreamRequest, now: Instant) {
    this.#context = context;
    this.#request = request;
    this.#startedAt = now;
    const { kind, local, remote, host } = request;
    this.#transport = context.transports.connect(
      kind,
      local,
      remote,
      host,
      {
        connected: (address, at) => this.#connected(address, at),
        opened: (address, problems, at) => this.#opened(address, problems, at),
        failed: (error, detail, at) => this.#failed(error, detail, at),
        received: (_from, bytes, at) => {
          this.#link?.receive(remote, bytes, at);
          // A stream that is no STUN cannot be read on.
          if (this.#link?.closedBy !== undefined) this.close();
        },
      },
      now,
    );
  }

  get transport(): TransportId {
    return this.#transport;
  }

  get waitingFor(): string {
    return `${this.#step === 'connect' ? 'a TCP connection' : 'the TLS handshake'} to ${formatSocketAddress(this.#request.remote)}`;
  }

  close(): void {
    if (this.#link !== undefined) this.#context.timed.delete(this.#link);
    this.#context.transports.close(this.#transport);
  }

  /** Ends the opening with what is not known of it. */
  stop(data: StageData, now: Instant): void {
    if (this.#link !== undefined) return;
    const stage = endedStage(this.#step, 'unknown', this.#startedAt, now, data.problem ?? '', data);
    this.#context.tell.stage(this.#request.url, this.#request.key, stage, this.#transport);
    this.close();
  }

  #connected(local: SocketAddress, now: Instant): void {
    if (this.#step === 'tls') return;
    this.#local = local;
    const { url, key } = this.#request;
    const detail = `from ${formatSocketAddress(local)}`;
    this.#context.tell.stage(
      url,
      key,
      endedStage('connect', 'pass', this.#startedAt, now, detail, {}),
      this.#transport,
    );
    this.#step = 'tls';
    this.#startedAt = now;
  }

  #opened(local: SocketAddress, problems: readonly string[], now: Instant): void {
    const { url, key, kind } = this.#request;
    if (kind === 'tls') {
      this.#connected(local, now);
      const data: StageData = problems.length === 0 ? {} : { cause: 'tls', problem: problems.join('; ') };
      const stage =
        problems.length === 0
          ? endedStage('tls', 'pass', this.#startedAt, now, 'the certificate is good', data)
          : endedStage('tls', 'warn', this.#startedAt, now, `gone on with although: ${problems.join('; ')}`, data);
      this.#context.tell.stage(url, key, stage, this.#transport);
    } else {
      const detail = `from ${formatSocketAddress(local)}`;
      this.#context.tell.stage(
        url,
        key,
        endedStage('connect', 'pass', this.#startedAt, now, detail, {}),
        this.#transport,
      );
    }
    this.#link = new StunLink(this.#transport, kind, this.#context.settings.random, this.#context.outputs);
    this.#context.timed.add(this.#link);
    this.#request.opened(this.#link, local, now);
  }

  #failed(error: string, detail: string | undefined, now: Instant): void {
    const clue = {
      cause: causeOfSystemError(error),
      ...(detail === undefined ? {} : { problem: detail }),
    };
    if (this.#link !== undefined) {
      this.#context.timed.delete(this.#link);
      this.#link.close(clue, now);
      return;
    }
    const { url, key, remote } = this.#request;
    // Whoever does not say when the connection stood says at least that it was TLS which failed.
    if (error === 'tls') this.#step = 'tls';
    const data: StageData = { ...clue, ...(error === 'timeout' ? {} : { systemError: error }) };
    this.#context.tell.stage(url, key, failedStage(this.#step, this.#startedAt, now, data), this.#transport);
    this.#context.tell.candidateError(url, data, this.#local, remote.family);
    this.#request.failed(data, now);
  }
}
