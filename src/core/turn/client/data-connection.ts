import type { SocketAddress, TransportKind } from '../../address.ts';
import type { StageData } from '../../attempt.ts';
import { concatBytes, readUint16 } from '../../bytes.ts';
import type { Deadline, Machine, Output, TransportId } from '../../machine.ts';
import { OutputQueue } from '../../queue.ts';
import type { Random } from '../../random.ts';
import { ConnectionId } from '../../stun/attributes.ts';
import { failureData } from '../../stun/binding.ts';
import type { Clue } from '../../stun/exchange.ts';
import { StunLink } from '../../stun/link.ts';
import type { LongTermSession } from '../../stun/long-term.ts';
import { HEADER_LENGTH } from '../../stun/message.ts';
import { Method } from '../../stun/registry.ts';
import type { Timing } from '../../stun/transaction.ts';
import type { Instant } from '../../time.ts';
import type { Ignored, TransactionEnded } from '../events.ts';
import { AuthenticatedRequests } from './requests.ts';

export interface DataConnectionOptions {
  /** A connection to the server that stands already. */
  readonly transport: TransportId;
  readonly kind: Exclude<TransportKind, 'udp'>;
  readonly server: SocketAddress;
  /** As a Connect or a ConnectionAttempt gave it; the server keeps it for 30 s (RFC 6062 5.2). */
  readonly connectionId: number;
  /**
   * Of the allocation. Servers want the first request to carry credentials: coturn ends a connection that begins with a
   * ConnectionBind without.
   */
  readonly session: LongTermSession | undefined;
  readonly timing: Timing;
  readonly random: Random;
}

export type DataConnectionInput =
  | { readonly type: 'bind' }
  | { readonly type: 'received'; readonly bytes: Uint8Array }
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  | { readonly type: 'closed'; readonly clue: Clue };

export type DataConnectionEvent =
  | { readonly type: 'bound' }
  /** The server would not join them, or was gone before it had. */
  | { readonly type: 'bind-failed'; readonly data: StageData }
  /** What the peer sent, in any cut. */
  | { readonly type: 'peer-data'; readonly bytes: Uint8Array }
  | Ignored
  | TransactionEnded;

/**
 * One of our connections joined to one between relay and peer (RFC 6062 4.3 and 5.4): asks for it with ConnectionBind, and
 * once that is granted passes bytes as they are. What the peer sent early may stand right behind the answer.
 */
export class DataConnection implements Machine<DataConnectionInput, never, DataConnectionEvent> {
  readonly #options: DataConnectionOptions;
  readonly #out = new OutputQueue<never, DataConnectionEvent>();
  readonly #link: StunLink;
  readonly #requests: AuthenticatedRequests;
  #state: 'idle' | 'binding' | 'bound' | 'over' = 'idle';
  #held: Uint8Array = new Uint8Array();

  constructor(options: DataConnectionOptions) {
    this.#options = options;
    this.#link = new StunLink(options.transport, options.kind, options.random, this.#out);
    this.#requests = new AuthenticatedRequests(this.#link, options.server, options.session);
  }

  get deadline(): Deadline | undefined {
    return this.#state === 'binding' ? this.#link.deadline : undefined;
  }

  handleTimeout(now: Instant): void {
    if (this.#state === 'binding') this.#link.handleTimeout(now);
  }

  poll(): Output<never, DataConnectionEvent> | undefined {
    return this.#out.poll();
  }

  handle(input: DataConnectionInput, now: Instant): void {
    switch (input.type) {
      case 'bind':
        if (this.#state === 'idle') this.#bind(now);
        return;
      case 'received':
        this.#received(input.bytes, now);
        return;
      case 'send':
        if (this.#state === 'bound') this.#out.transmit(this.#options.transport, this.#options.server, input.bytes);
        return;
      case 'closed':
        this.#link.close(input.clue, now);
        this.#state = 'over';
    }
  }

  #bind(now: Instant): void {
    this.#state = 'binding';
    const { connectionId, timing } = this.#options;
    this.#requests.run(
      {
        method: Method.ConnectionBind,
        timing,
        add: (builder) => builder.add(ConnectionId, connectionId),
        ended: (result) => {
          this.#state = result.outcome === 'success' ? 'bound' : 'over';
          if (result.outcome === 'success') this.#out.event({ type: 'bound' });
          else this.#out.event({ type: 'bind-failed', data: failureData(result) });
        },
      },
      now,
    );
  }

  /** Message by message until it is bound: from the first byte after that on, the stream is the peer's. */
  #received(bytes: Uint8Array, now: Instant): void {
    let rest = this.#held.length === 0 ? bytes : concatBytes(this.#held, bytes);
    this.#held = new Uint8Array();
    while (this.#state === 'binding' && rest.length > 0) {
      const length = lengthOf(rest);
      if (length === undefined || length > rest.length) {
        this.#held = rest.slice();
        return;
      }
      this.#link.receive(this.#options.server, rest.subarray(0, length), now);
      rest = rest.subarray(length);
    }
    if (this.#state === 'bound' && rest.length > 0) this.#out.event({ type: 'peer-data', bytes: rest.slice() });
  }
}

/** Of the message at the beginning; undefined as long as that cannot be told. What is no STUN is for the link to name. */
function lengthOf(bytes: Uint8Array): number | undefined {
  if ((bytes[0] ?? 0) >= 4) return bytes.length;
  return bytes.length < HEADER_LENGTH ? undefined : HEADER_LENGTH + readUint16(bytes, 2);
}
