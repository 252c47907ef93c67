import { formatSocketAddress, type SocketAddress } from '../core/address.ts';
import type { GathererCommand, GathererInput } from '../core/ice/gatherer-io.ts';
import type { Machine, TransportId } from '../core/machine.ts';
import type { Instant } from '../core/time.ts';
import type { EventBody } from '../record/events.ts';
import type { Clock } from './clock.ts';
import { openTransport, type TransportRequest } from './open.ts';
import type { Packet } from './packet.ts';
import { PacketEvents } from './packet-events.ts';
import type { TlsPolicy } from './tls.ts';
import type { Transport, TransportListener } from './transport.ts';

/** What the driver tells a machine about its sockets. */
export type SocketInput = Extract<
  GathererInput,
  { readonly type: 'connected' | 'opened' | 'failed' | 'send-failed' | 'received' }
>;

/** What a machine may ask of the driver. */
export type SocketCommand = GathererCommand;

export interface DriverEnvironment {
  readonly clock: Clock;
  readonly record: (body: EventBody) => void;
  readonly tls: TlsPolicy;
  readonly onPacket?: (packet: Packet) => void;
}

interface OpenTransport {
  readonly transport: Transport;
  readonly remote: SocketAddress | undefined;
  readonly since: Instant;
  local: SocketAddress;
  isOpen: boolean;
}

/**
 * Moves bytes between a machine and sockets, wakes it at its deadline with one timer, and records what passes: sockets,
 * handshakes, STUN messages, and every event of the machine's own.
 */
export class Driver<Input> {
  /** Resolves when `isFinished` says so, and everything is closed; rejects where the machine throws, which is a defect. */
  readonly done: Promise<void>;
  readonly #machine: Machine<Input | SocketInput, SocketCommand, EventBody>;
  readonly #isFinished: () => boolean;
  readonly #environment: DriverEnvironment;
  readonly #transports = new Map<TransportId, OpenTransport>();
  readonly #packets: PacketEvents;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #timerAt = Number.NaN;
  #isOver = false;
  #resolve: () => void = () => {};
  #reject: (reason: unknown) => void = () => {};

  constructor(
    machine: Machine<Input | SocketInput, SocketCommand, EventBody>,
    isFinished: () => boolean,
    environment: DriverEnvironment,
  ) {
    this.#machine = machine;
    this.#isFinished = isFinished;
    this.#environment = environment;
    this.#packets = new PacketEvents(environment.record);
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Hands the machine an input and does what it then asks for. Ignored once the driver is over. */
  handle(input: Input | SocketInput): void {
    this.#step((now) => this.#machine.handle(input, now));
  }

  /** Ends everything at once, whatever the machine would still like to do: `done` resolves. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    for (const id of [...this.#transports.keys()]) this.#close(id, 'us');
    this.#resolve();
  }

  #step(step: (now: Instant) => void): void {
    if (this.#isOver) return;
    try {
      step(this.#environment.clock.now());
      this.#drain();
    } catch (error) {
      this.#reject(error);
      this.close();
      return;
    }
    if (this.#isFinished()) this.close();
    else this.#arm();
  }

  #drain(): void {
    for (let output = this.#machine.poll(); output !== undefined; output = this.#machine.poll()) {
      if (output.kind === 'event') this.#environment.record(output.event);
      else if (output.kind === 'transmit') this.#transmit(output.transport, output.to, output.bytes);
      else if (output.command.type === 'close') this.#close(output.command.transport, 'us');
      else this.#open(output.command);
    }
  }

  #arm(): void {
    const at = this.#machine.deadline?.at;
    if (at === this.#timerAt) return;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timerAt = at ?? Number.NaN;
    if (at === undefined || at === Number.POSITIVE_INFINITY) return;
    const delay = Math.max(0, at - this.#environment.clock.now());
    this.#timer = setTimeout(() => {
      // Node runs timers before it looks at sockets. On a machine that is late, the answer may lie there already: let it
      // in first, before anything is taken for silent.
      this.#immediate = setImmediate(() => {
        // The timer may be early by a fraction of a millisecond: then the machine asks for it again.
        this.#timerAt = Number.NaN;
        this.#step((now) => this.#machine.handleTimeout(now));
      });
    }, delay);
  }

  #transmit(id: TransportId, to: SocketAddress, bytes: Uint8Array): void {
    const open = this.#transports.get(id);
    if (open === undefined) return;
    this.#packets.sent(id, to, bytes);
    this.#tap(id, open, 'sent', to, bytes);
    open.transport.send(bytes, to);
  }

  #open(command: Exclude<SocketCommand, { readonly type: 'close' }>): void {
    const { transport: id } = command;
    const request = requestOf(command);
    const opening: OpenTransport = {
      transport: openTransport(request, this.#environment.tls, this.#listener(id, request)),
      remote: request.remote,
      since: this.#environment.clock.now(),
      local: request.local,
      isOpen: false,
    };
    this.#transports.set(id, opening);
  }

  #listener(id: TransportId, request: TransportRequest): TransportListener {
    const { record } = this.#environment;
    let tlsProblems: readonly string[] = [];
    return {
      connected: (local) => {
        const open = this.#transports.get(id);
        if (open === undefined) return;
        open.local = local;
        open.isOpen = true;
        record({
          type: 'transport-open',
          transport: id,
          kind: request.kind,
          local: formatSocketAddress(local),
          remote: request.remote === undefined ? null : formatSocketAddress(request.remote),
          durationMs: this.#since(open),
        });
        if (request.kind === 'tls') this.handle({ type: 'connected', transport: id, local });
      },
      shaken: (handshake) => {
        tlsProblems = handshake.problems.map(({ code, detail }) => `${code}: ${detail}`);
        record({ type: 'tls', transport: id, ...handshake });
      },
      opened: (local) => {
        const open = this.#transports.get(id);
        if (open !== undefined) open.local = local;
        this.handle({ type: 'opened', transport: id, local, ...(tlsProblems.length > 0 ? { tlsProblems } : {}) });
      },
      received: (bytes, from) => {
        const open = this.#transports.get(id);
        if (open === undefined) return;
        this.#packets.received(id, request.kind, from, bytes);
        this.#tap(id, open, 'received', from, bytes);
        this.handle({ type: 'received', transport: id, from, bytes });
      },
      failed: (error, detail) => {
        this.#close(id, error);
        this.handle({ type: 'failed', transport: id, error, ...(detail === undefined ? {} : { detail }) });
      },
      sendFailed: (to, error) => this.handle({ type: 'send-failed', transport: id, to, error }),
    };
  }

  /** @param by `us`, or what the transport died of */
  #close(id: TransportId, by: string): void {
    const open = this.#transports.get(id);
    if (open === undefined) return;
    this.#transports.delete(id);
    this.#packets.closed(id);
    open.transport.close();
    const durationMs = this.#since(open);
    if (open.isOpen || by === 'us') {
      this.#environment.record({
        type: 'transport-closed',
        transport: id,
        by: by === 'closed' ? 'peer' : by,
        durationMs,
      });
      return;
    }
    this.#environment.record({
      type: 'transport-failed',
      transport: id,
      kind: open.transport.kind,
      local: formatSocketAddress(open.local),
      remote: open.remote === undefined ? null : formatSocketAddress(open.remote),
      error: by,
      durationMs,
    });
  }

  #tap(
    id: TransportId,
    open: OpenTransport,
    direction: Packet['direction'],
    remote: SocketAddress,
    bytes: Uint8Array,
  ): void {
    this.#environment.onPacket?.({
      at: this.#environment.clock.now(),
      transport: id,
      kind: open.transport.kind,
      direction,
      local: open.local,
      remote,
      bytes,
    });
  }

  #since(open: OpenTransport): number {
    return this.#environment.clock.now() - open.since;
  }
}

function requestOf(command: Exclude<SocketCommand, { readonly type: 'close' }>): TransportRequest {
  const { family, address } = command.local;
  const local: SocketAddress = { family, address, port: 0 };
  if (command.type === 'connect') {
    const { kind, remote, host, localPort = 0 } = command;
    return { kind, local: { ...local, port: localPort }, remote, host };
  }
  return { kind: 'udp', local, ...(command.remote === undefined ? {} : { remote: command.remote }) };
}
