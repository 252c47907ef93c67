import type { TransportId } from '../../machine.ts';
import { StreamFramer } from '../../stun/framing.ts';
import type { Instant } from '../../time.ts';
import type { FiveTuple } from './allocation.ts';
import type { ServerContext } from './context.ts';
import type { Expiring } from './expiry-queue.ts';
import type { StreamOpened } from './io.ts';

/** A client's TCP or TLS connection. Without an allocation, or in the middle of a message, it is closed at `expiresAt`. */
export class ClientStream implements Expiring {
  readonly kind = 'stream';
  readonly tuple: FiveTuple;
  readonly framer = new StreamFramer();
  expiresAt: Instant = Number.NEGATIVE_INFINITY;
  queueIndex = -1;

  constructor(tuple: FiveTuple) {
    this.tuple = tuple;
  }
}

/** All connections of clients: cuts them into messages and ends those that are of no use. */
export class ClientStreams {
  readonly #context: ServerContext;
  readonly #streams = new Map<TransportId, ClientStream>();
  readonly #onMessage: (tuple: FiveTuple, bytes: Uint8Array, now: Instant) => void;
  readonly #onGone: (tuple: FiveTuple, now: Instant) => void;

  /** `onGone`: the connection is over, whoever ended it. */
  constructor(
    context: ServerContext,
    onMessage: (tuple: FiveTuple, bytes: Uint8Array, now: Instant) => void,
    onGone: (tuple: FiveTuple, now: Instant) => void,
  ) {
    this.#context = context;
    this.#onMessage = onMessage;
    this.#onGone = onGone;
  }

  has(transport: TransportId): boolean {
    return this.#streams.has(transport);
  }

  open({ transport, protocol, local, remote }: StreamOpened, now: Instant): void {
    if (this.#streams.size >= this.#context.settings.quotas.streams) {
      this.#context.queue.command({ type: 'close-stream', transport, why: 'too many connections' });
      return;
    }
    const stream = new ClientStream({ transport, protocol, local, client: remote });
    this.#streams.set(transport, stream);
    this.#watch(stream, now);
  }

  /** The system says that it is over. */
  closed(transport: TransportId, now: Instant): void {
    const stream = this.#streams.get(transport);
    if (stream === undefined) return;
    this.#streams.delete(transport);
    this.#context.expiries.remove(stream);
    this.#onGone(stream.tuple, now);
  }

  /** It carries no STUN any more, and is somebody else's. */
  handOver(transport: TransportId): void {
    const stream = this.#streams.get(transport);
    if (stream === undefined) return;
    this.#streams.delete(transport);
    this.#context.expiries.remove(stream);
  }

  /** False where there is no such stream. */
  received(transport: TransportId, bytes: Uint8Array, now: Instant): boolean {
    const stream = this.#streams.get(transport);
    if (stream === undefined) return false;
    const frames = stream.framer.push(bytes);
    for (const frame of frames) {
      if (frame.kind === 'error') {
        this.#close(stream, `${frame.message}${frame.protocol === undefined ? '' : ` (${frame.protocol})`}`, now);
        return true;
      }
      this.#onMessage(stream.tuple, frame.bytes, now);
    }
    if (!this.#streams.has(transport)) return true;
    const isIdleFault = this.#context.faults.plan.streamIdle !== undefined;
    // A whole message buys time; half a message must be followed by the rest of it before that is used up.
    if (!isIdleFault && this.#isHolding(stream) && stream.framer.bufferedBytes === 0) {
      this.#context.expiries.remove(stream);
    } else if (frames.length > 0 || stream.queueIndex < 0 || isIdleFault) this.#watch(stream, now);
    return true;
  }

  /** Something was sent there: of interest to a fault that closes what is idle. */
  used(transport: TransportId, now: Instant): void {
    if (this.#context.faults.plan.streamIdle === undefined) return;
    const stream = this.#streams.get(transport);
    if (stream !== undefined) this.#watch(stream, now);
  }

  /** Its allocation is over: from now on it has to make itself useful again. */
  released(transport: TransportId, now: Instant): void {
    const stream = this.#streams.get(transport);
    if (stream !== undefined) this.#watch(stream, now);
  }

  faultsChanged(now: Instant): void {
    for (const stream of this.#streams.values()) {
      const isWatched = this.#context.faults.plan.streamIdle !== undefined || !this.#isHolding(stream);
      if (isWatched) this.#watch(stream, now);
      else this.#context.expiries.remove(stream);
    }
  }

  expire(stream: ClientStream, now: Instant): void {
    if (this.#context.faults.plan.streamIdle !== undefined) this.#close(stream, 'idle', now);
    else if (stream.framer.bufferedBytes > 0) this.#close(stream, 'half a message', now);
    else this.#close(stream, 'idle without an allocation', now);
  }

  closeAll(): void {
    for (const [transport, stream] of this.#streams) {
      this.#context.expiries.remove(stream);
      this.#context.queue.command({ type: 'close-stream', transport, why: 'server closed' });
    }
    this.#streams.clear();
  }

  #close(stream: ClientStream, why: string, now: Instant): void {
    const { transport, client } = stream.tuple;
    this.#context.queue.event({ type: 'stream-closed', client, why });
    this.#context.queue.command({ type: 'close-stream', transport, why });
    this.closed(transport, now);
  }

  #isHolding({ tuple: { transport, client } }: ClientStream): boolean {
    return this.#context.allocations.byClient(transport, client.address, client.port) !== undefined;
  }

  #watch(stream: ClientStream, now: Instant): void {
    const seconds = this.#context.faults.plan.streamIdle ?? this.#context.lifetimes.idleStream;
    this.#context.expiries.set(stream, now + seconds * 1000);
  }
}
