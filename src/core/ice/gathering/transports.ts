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
  /** While it is being connected. */
  giveUpAt: Instant | undefined;
}

/** The sockets and connections of a gathering: gives them names, asks for them, and brings home what comes of them. */
export class Transports {
  readonly #command: (command: GathererCommand) => void;
  readonly #prefix: string;
  readonly #connectTimeoutMs: number;
  readonly #entries = new Map<TransportId, Entry>();
  #count = 0;

  constructor(command: (command: GathererCommand) => void, settings: Pick<Settings, 'prefix' | 'connectTimeoutMs'>) {
    this.#command = command;
    this.#prefix = settings.prefix;
    this.#connectTimeoutMs = settings.connectTimeoutMs;
  }

  openUdp(local: LocalAddress, handler: TransportHandler, remote?: SocketAddress): TransportId {
    const transport = this.#add(remote === undefined ? 'udp' : 'ear', handler, 'a socket', undefined);
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
    const transport = this.#add(kind, handler, `a ${kind.toUpperCase()} connection`, now + this.#connectTimeoutMs);
    this.#command({ type: 'connect', transport, kind, local: plain(local), remote, host });
    return transport;
  }

  close(transport: TransportId): void {
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
        if (entry.giveUpAt !== undefined) entry.giveUpAt = now + this.#connectTimeoutMs;
        entry.handler.connected?.(input.local, now);
        return;
      case 'opened':
        entry.giveUpAt = undefined;
        entry.handler.opened(input.local, input.tlsProblems ?? [], now);
        return;
      case 'failed':
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
    for (const { giveUpAt, what } of this.#entries.values()) {
      if (giveUpAt !== undefined) first = earlier(first, { at: giveUpAt, why: `end of waiting for ${what}` });
    }
    return first;
  }

  handleTimeout(now: Instant): void {
    for (const [transport, entry] of [...this.#entries]) {
      if (entry.giveUpAt === undefined || now < entry.giveUpAt) continue;
      this.close(transport);
      entry.handler.failed('timeout', undefined, now);
    }
  }

  #add(kind: string, handler: TransportHandler, what: string, giveUpAt: Instant | undefined): TransportId {
    const transport = `${this.#prefix}${kind}-${++this.#count}`;
    this.#entries.set(transport, { handler, what, giveUpAt });
    return transport;
  }
}

/** Without what only the gatherer knows of it. */
function plain({ interface: name, family, address }: LocalAddress): LocalAddress {
  return { interface: name, family, address };
}
