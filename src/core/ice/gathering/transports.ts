import type { SocketAddress, TransportKind } from '../../address.ts';
import { type Deadline, earlier, type TransportId } from '../../machine.ts';
import type { Instant } from '../../time.ts';
import type { GathererCommand, GathererInput, LocalAddress } from '../gatherer-io.ts';
import type { Settings } from './settings.ts';

/** What becomes of a socket or connection, for whoever asked for it. */
export interface TransportHandler {
  /** TLS only: the connection stands, the handshake begins. */
  connected?(local: SocketAddress, now: Instant): void;
  opened(local: SocketAddress, tlsProblems: readonly string[], now: Instant): void;
  /** It is gone, before or after it was opened. `timeout`: it took too long, and is closed. */
  failed(error: string, detail: string | undefined, now: Instant): void;
  received(from: SocketAddress, bytes: Uint8Array, now: Instant): void;
  sendFailed?(to: SocketAddress, error: string, now: Instant): void;
}

export type TransportInput = Extract<GathererInput, { readonly transport: TransportId }>;

interface Entry {
  readonly handler: TransportHandler;
  readonly what: string;
}

/** The sockets and connections of a gathering: gives them names, asks for them, and brings home what comes of them. */
export class Transports {
  readonly #command: (command: GathererCommand) => void;
  readonly #prefix: string;
  readonly #connectTimeoutMs: number;
  readonly #entries = new Map<TransportId, Entry>();
  /** Until when those may take that are being connected, which are few of all. */
  readonly #connecting = new Map<TransportId, Deadline>();
  #count = 0;

  constructor(command: (command: GathererCommand) => void, settings: Pick<Settings, 'prefix' | 'connectTimeoutMs'>) {
    this.#command = command;
    this.#prefix = settings.prefix;
    this.#connectTimeoutMs = settings.connectTimeoutMs;
  }

  openUdp(local: LocalAddress, handler: TransportHandler, remote?: SocketAddress): TransportId {
    const transport = this.#add(remote === undefined ? 'udp' : 'ear', { handler, what: 'a socket' });
    this.#command({ type: 'open-udp', transport, local: plain(local), ...(remote === undefined ? {} : { remote }) });
    return transport;
  }

  connect(
    kind: Exclude<TransportKind, 'udp'>,
    local: LocalAddress,
    remote: SocketAddress,
    host: string,
    handler: TransportHandler,
    now: Instant,
  ): TransportId {
    const entry: Entry = { handler, what: `a ${kind.toUpperCase()} connection` };
    const transport = this.#add(kind, entry);
    this.#waitFor(transport, entry, now);
    this.#command({ type: 'connect', transport, kind, local: plain(local), remote, host });
    return transport;
  }

  close(transport: TransportId): void {
    this.#connecting.delete(transport);
    if (this.#entries.delete(transport)) this.#command({ type: 'close', transport });
  }

  closeAll(): void {
    for (const transport of [...this.#entries.keys()]) this.close(transport);
  }

  /** Of a transport that is already closed nothing is heard any more: a datagram may have been on its way up. */
  handle(input: TransportInput, now: Instant): void {
    const entry = this.#entries.get(input.transport);
    if (entry === undefined) return;
    switch (input.type) {
      case 'connected':
        // From here on it is the handshake that has the time.
        if (this.#connecting.has(input.transport)) this.#waitFor(input.transport, entry, now);
        entry.handler.connected?.(input.local, now);
        return;
      case 'opened':
        this.#connecting.delete(input.transport);
        entry.handler.opened(input.local, input.tlsProblems ?? [], now);
        return;
      case 'failed':
        this.#connecting.delete(input.transport);
        this.#entries.delete(input.transport);
        entry.handler.failed(input.error, input.detail, now);
        return;
      case 'send-failed':
        entry.handler.sendFailed?.(input.to, input.error, now);
        return;
      case 'received':
        entry.handler.received(input.from, input.bytes, now);
    }
  }

  get deadline(): Deadline | undefined {
    let first: Deadline | undefined;
    for (const deadline of this.#connecting.values()) first = earlier(first, deadline);
    return first;
  }

  handleTimeout(now: Instant): void {
    for (const [transport, { at }] of [...this.#connecting]) {
      const entry = this.#entries.get(transport);
      if (now < at || entry === undefined) continue;
      this.close(transport);
      entry.handler.failed('timeout', undefined, now);
    }
  }

  #add(kind: string, entry: Entry): TransportId {
    const transport = `${this.#prefix}${kind}-${++this.#count}`;
    this.#entries.set(transport, entry);
    return transport;
  }

  #waitFor(transport: TransportId, { what }: Entry, now: Instant): void {
    this.#connecting.set(transport, { at: now + this.#connectTimeoutMs, why: `end of waiting for ${what}` });
  }
}

/** Without what only the gatherer knows of it. */
function plain({ interface: name, family, address }: LocalAddress): LocalAddress {
  return { interface: name, family, address };
}
