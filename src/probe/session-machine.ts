import type { SocketAddress, TransportKind } from '../core/address.ts';
import type { LocalAddress } from '../core/ice/gatherer-io.ts';
import type { Deadline, Machine, Output, TransportId } from '../core/machine.ts';
import { OutputQueue } from '../core/queue.ts';
import type { LongTermSession } from '../core/stun/long-term.ts';
import type { Instant } from '../core/time.ts';
import { type TurnEvent, type TurnInput, TurnMachine, type TurnMachineOptions } from '../core/turn/client/machine.ts';
import type { TurnResult } from '../core/turn/client/types.ts';
import type { SocketCommand, SocketInput } from '../net/drive.ts';
import type { EventBody } from '../record/events.ts';

export interface SessionTarget {
  readonly kind: TransportKind;
  readonly server: SocketAddress;
  readonly local: LocalAddress;
  /** The host of the URL: certificate name and SNI. */
  readonly host: string;
}

export interface SessionListener {
  /** TLS: the TCP connection stands. */
  connected(local: SocketAddress): void;
  /** The first transport stands; `tlsProblems` with `--insecure`. */
  opened(local: SocketAddress, tlsProblems: readonly string[]): void;
  /** The first transport could not be had. */
  failed(error: string, detail: string | undefined): void;
  result(result: TurnResult): void;
}

export type SessionInput =
  | { readonly type: 'start' }
  | Exclude<TurnInput, { readonly type: 'received' | 'opened' | 'failed' }>;

/** A {@link TurnMachine} that also opens its own first transport: what the driver drives for one allocation. */
export class SessionMachine implements Machine<SessionInput | SocketInput, SocketCommand, EventBody> {
  readonly #target: SessionTarget;
  readonly #options: Omit<TurnMachineOptions, 'kind' | 'server'>;
  readonly #listener: SessionListener;
  readonly #out = new OutputQueue<SocketCommand, EventBody>();
  #turn: TurnMachine | undefined;
  #ended = false;

  constructor(target: SessionTarget, options: Omit<TurnMachineOptions, 'kind' | 'server'>, listener: SessionListener) {
    this.#target = target;
    this.#options = options;
    this.#listener = listener;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get session(): LongTermSession | undefined {
    return this.#turn?.session;
  }

  get deadline(): Deadline | undefined {
    return this.#turn?.deadline;
  }

  handle(input: SessionInput | SocketInput, now: Instant): void {
    switch (input.type) {
      case 'start':
        this.#open(this.#options.transport, this.#target.server, this.#target.host);
        return;
      case 'connected':
        if (this.#turn === undefined) this.#listener.connected(input.local);
        return;
      case 'send-failed':
        // An unconnected socket that cannot send to its only server is as good as dead.
        this.handle({ type: 'failed', transport: input.transport, error: input.error }, now);
        return;
      case 'opened':
        if (this.#turn === undefined) {
          const { kind, server } = this.#target;
          this.#turn = new TurnMachine({ ...this.#options, kind, server });
          this.#listener.opened(input.local, input.tlsProblems ?? []);
        } else this.#turn.handle(input, now);
        return;
      case 'failed':
        if (this.#turn === undefined) {
          this.#ended = true;
          this.#listener.failed(input.error, input.detail);
        } else this.#turn.handle(input, now);
        return;
      default:
        this.#turn?.handle(input, now);
    }
  }

  handleTimeout(now: Instant): void {
    this.#turn?.handleTimeout(now);
  }

  poll(): Output<SocketCommand, EventBody> | undefined {
    const own = this.#out.poll();
    if (own !== undefined || this.#turn === undefined) return own;
    for (let output = this.#turn.poll(); output !== undefined; output = this.#turn.poll()) {
      if (output.kind === 'transmit') return output;
      if (output.kind === 'event') {
        if (!isResult(output.event)) return { kind: 'event', event: output.event };
        if (output.event.type === 'released') this.#ended = true;
        this.#listener.result(output.event);
      } else if (output.command.type === 'close') return { kind: 'command', command: output.command };
      else {
        this.#open(output.command.transport, output.command.server, output.command.domain ?? this.#target.host);
        return this.#out.poll();
      }
    }
    return undefined;
  }

  #open(transport: TransportId, remote: SocketAddress, host: string): void {
    const { kind, local } = this.#target;
    this.#out.command(
      kind === 'udp'
        ? { type: 'open-udp', transport, local }
        : { type: 'connect', transport, kind, local, remote, host },
    );
  }
}

const RESULTS: ReadonlySet<string> = new Set<TurnResult['type']>([
  'stage',
  'allocated',
  'failed',
  'redirected',
  'mismatch',
  'data',
  'icmp',
  'connection-attempt',
  'lost',
  'released',
]);

function isResult(event: TurnEvent): event is TurnResult {
  return RESULTS.has(event.type);
}
