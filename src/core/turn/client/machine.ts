import { formatSocketAddress, type SocketAddress, type TransportKind } from '../../address.ts';
import type { StageData } from '../../attempt.ts';
import { type Deadline, earlier, type Machine, type Output, type TransportId } from '../../machine.ts';
import { OutputQueue } from '../../queue.ts';
import type { Random } from '../../random.ts';
import { requestBinding } from '../../stun/binding.ts';
import { endedStage, failedStage } from '../../stun/describe.ts';
import { StunLink } from '../../stun/link.ts';
import type { LongTermSession } from '../../stun/long-term.ts';
import { causeOfSystemError } from '../../system-error.ts';
import type { Instant } from '../../time.ts';
import type { ProtocolEvent } from '../events.ts';
import { TurnClient, type TurnClientState } from './client.ts';
import type { RequestId, TurnClientOptions, TurnResult } from './types.ts';

export type TurnInput =
  /** Bytes of a transport: a datagram, or a chunk of a stream in any cut. */
  | {
      readonly type: 'received';
      readonly transport: TransportId;
      readonly from: SocketAddress;
      readonly bytes: Uint8Array;
    }
  /** The transport that was asked for with `open` stands. */
  | { readonly type: 'opened'; readonly transport: TransportId }
  /** A transport could not be opened, or died: the system's error code, or `closed`. */
  | { readonly type: 'failed'; readonly transport: TransportId; readonly error: string; readonly detail?: string }
  | { readonly type: 'binding'; readonly id: RequestId }
  | { readonly type: 'allocate' }
  | { readonly type: 'refresh'; readonly id: RequestId; readonly lifetime?: number }
  | { readonly type: 'create-permission'; readonly id: RequestId; readonly peers: readonly SocketAddress[] }
  | { readonly type: 'bind-channel'; readonly id: RequestId; readonly channel: number; readonly peer: SocketAddress }
  /** RFC 6062: the server shall connect to the peer. */
  | { readonly type: 'connect-peer'; readonly id: RequestId; readonly peer: SocketAddress }
  /** Through the channel where one is given, else by a Send indication. */
  | {
      readonly type: 'send';
      readonly peer: SocketAddress;
      readonly channel?: number;
      /** Use the channel though its binding was not confirmed: shows whether a server whose answer is wrong relays all the same. */
      readonly unconfirmed?: boolean;
      /** Of a Send indication: DONT-FRAGMENT (RFC 8656 11.1). */
      readonly dontFragment?: boolean;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'release' }
  /** No time is left: what the server has not yet taken back is told as lost. */
  | { readonly type: 'abandon' };

export type TurnCommand =
  /** Open another transport of the same kind from a new local port. `domain`: the name for TLS, null for the same as before. */
  | {
      readonly type: 'open';
      readonly transport: TransportId;
      readonly server: SocketAddress;
      readonly domain: string | null;
      readonly why: 'redirected' | 'mismatch';
    }
  | { readonly type: 'close'; readonly transport: TransportId };

export type TurnEvent = TurnResult | ProtocolEvent;

export interface TurnMachineOptions extends TurnClientOptions {
  /** Stands already. Others are named after it. */
  readonly transport: TransportId;
  readonly kind: TransportKind;
  readonly server: SocketAddress;
  readonly random: Random;
}

/**
 * A TURN client with a transport of its own: one allocation, and whatever is asked of it. Binding requests go to the same
 * server over the same transport. The event `released` is the last but for the `close` of the transport.
 */
export class TurnMachine implements Machine<TurnInput, TurnCommand, TurnEvent> {
  readonly #options: TurnMachineOptions;
  readonly #queue = new OutputQueue<TurnCommand, TurnEvent>();
  readonly #client: TurnClient;
  #link: StunLink;
  #transports = 1;
  #moving: { readonly transport: TransportId; readonly server: SocketAddress } | undefined;

  constructor(options: TurnMachineOptions) {
    this.#options = options;
    this.#link = new StunLink(options.transport, options.kind, options.random, this.#queue);
    this.#client = new TurnClient(this.#link, options.server, options, options.random, {
      event: (event) => this.#queue.event(event),
      result: (result, now) => this.#result(result, now),
    });
  }

  get session(): LongTermSession | undefined {
    return this.#client.session;
  }

  get state(): TurnClientState {
    return this.#client.state;
  }

  /** Where the client is at; another than at the beginning after a redirection. */
  get server(): SocketAddress {
    return this.#client.server;
  }

  get transport(): TransportId {
    return this.#link.transport;
  }

  get deadline(): Deadline | undefined {
    return earlier(this.#link.deadline, this.#client.deadline);
  }

  handleTimeout(now: Instant): void {
    this.#link.handleTimeout(now);
    this.#client.handleTimeout(now);
  }

  poll(): Output<TurnCommand, TurnEvent> | undefined {
    return this.#queue.poll();
  }

  handle(input: TurnInput, now: Instant): void {
    switch (input.type) {
      case 'received':
        if (input.transport === this.#link.transport) this.#link.receive(input.from, input.bytes, now);
        return;
      case 'opened':
        this.#opened(input.transport, now);
        return;
      case 'failed':
        this.#failed(input, now);
        return;
      case 'binding':
        this.#binding(input.id, now);
        return;
      case 'allocate':
        this.#client.allocate(now);
        return;
      case 'refresh':
        this.#client.refresh(input.id, now, input.lifetime);
        return;
      case 'create-permission':
        this.#client.createPermission(input.id, input.peers, now);
        return;
      case 'bind-channel':
        this.#client.bindChannel(input.id, input.channel, input.peer, now);
        return;
      case 'connect-peer':
        this.#client.connectPeer(input.id, input.peer, now);
        return;
      case 'send':
        if (input.channel === undefined) this.#client.send(input.peer, input.bytes, input.dontFragment);
        else this.#client.sendChannel(input.channel, input.bytes, input.unconfirmed);
        return;
      case 'release':
        this.#client.release(now);
        return;
      case 'abandon':
        this.#client.abandon(now);
    }
  }

  #opened(transport: TransportId, now: Instant): void {
    const moving = this.#moving;
    if (moving?.transport !== transport) return;
    this.#moving = undefined;
    this.#link = new StunLink(transport, this.#options.kind, this.#options.random, this.#queue);
    this.#client.resume(this.#link, moving.server, now);
  }

  #failed(input: Extract<TurnInput, { type: 'failed' }>, now: Instant): void {
    const clue = {
      cause: causeOfSystemError(input.error),
      ...(input.detail === undefined ? {} : { problem: input.detail }),
    };
    if (input.transport === this.#link.transport) this.#link.close(clue, now);
    else if (input.transport === this.#moving?.transport) {
      this.#moving = undefined;
      const data: StageData = { ...clue, systemError: input.error };
      this.#queue.event({ type: 'stage', id: null, stage: failedStage('connect', now, now, data) });
      this.#queue.event({ type: 'failed', data });
      this.#client.release(now);
    }
  }

  #binding(id: RequestId, startedAt: Instant): void {
    requestBinding(
      this.#link,
      this.server,
      this.#options.timing,
      (result, now) => {
        const stage =
          result.outcome === 'success'
            ? endedStage('binding', 'pass', startedAt, now, formatSocketAddress(result.mapped), result.data)
            : failedStage('binding', startedAt, now, result.data);
        this.#queue.event({ type: 'stage', id, stage });
      },
      startedAt,
    );
  }

  #result(result: TurnResult, now: Instant): void {
    this.#queue.event(result);
    if (result.type === 'redirected') this.#move(result.server, result.domain, 'redirected', now);
    else if (result.type === 'mismatch') this.#move(this.server, null, 'mismatch', now);
    else if (result.type === 'released') {
      this.#closeLink(now);
      if (this.#moving !== undefined) this.#queue.command({ type: 'close', transport: this.#moving.transport });
      this.#moving = undefined;
    }
  }

  #closeLink(now: Instant): void {
    // A transport that died by itself needs no closing.
    if (this.#link.closedBy?.cause !== undefined && this.#link.closedBy.cause !== 'not-stun') return;
    this.#link.close({ cause: 'closed' }, now);
    this.#queue.command({ type: 'close', transport: this.#link.transport });
  }

  #move(server: SocketAddress, domain: string | null, why: 'redirected' | 'mismatch', now: Instant): void {
    this.#closeLink(now);
    const transport = `${this.#options.transport}.${++this.#transports}`;
    this.#moving = { transport, server };
    this.#queue.command({ type: 'open', transport, server, domain, why });
  }
}
