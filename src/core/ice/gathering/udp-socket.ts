import { formatSocketAddress, type SocketAddress } from '../../address.ts';
import type { StageData } from '../../attempt.ts';
import type { TransportId } from '../../machine.ts';
import { StunLink } from '../../stun/link.ts';
import { causeOfSystemError } from '../../system-error.ts';
import type { Instant } from '../../time.ts';
import type { GatheringContext } from './context.ts';
import { Ear } from './ear.ts';
import type { Local } from './locals.ts';

/** A UDP socket that STUN and TURN clients of any number of servers share, or one that a single TURN client has to itself. */
export class UdpSocket {
  readonly local: Local;
  readonly link: StunLink;
  readonly #context: GatheringContext;
  readonly #waiting: ((failure: StageData | undefined, now: Instant) => void)[] = [];
  readonly #ears = new Map<string, Ear>();
  readonly #turnServers = new Set<string>();
  #address: SocketAddress | undefined;
  #failure: StageData | undefined;

  constructor(context: GatheringContext, local: Local) {
    this.#context = context;
    this.local = local;
    const transport: TransportId = context.transports.openUdp(local, {
      opened: (address, _problems, now) => {
        this.#address = address;
        this.#answer(now);
      },
      failed: (error, detail, now) => this.#failed(error, detail, now),
      received: (from, bytes, now) => {
        this.#ears.get(formatSocketAddress(from))?.heard();
        this.link.receive(from, bytes, now);
      },
      sendFailed: (to, error, now) => this.#sendFailed(to, error, now),
    });
    this.link = new StunLink(transport, 'udp', context.settings.random, context.outputs);
    context.timed.add(this.link);
  }

  /** Undefined until it is open. */
  get address(): SocketAddress | undefined {
    return this.#address;
  }

  /** Whether it is neither open nor failed yet. */
  get opening(): boolean {
    return this.#address === undefined && this.#failure === undefined;
  }

  /** Calls back once the socket is open, or with what is wrong with it. */
  whenReady(act: (failure: StageData | undefined, now: Instant) => void, now: Instant): void {
    this.#waiting.push(act);
    if (!this.opening) this.#answer(now);
  }

  /**
   * A 5-tuple can hold one allocation (RFC 8656 5): the second TURN client of a server gets false, and needs a socket of
   * its own.
   */
  claimForTurn(server: SocketAddress): boolean {
    const name = formatSocketAddress(server);
    if (this.#turnServers.has(name)) return false;
    this.#turnServers.add(name);
    return true;
  }

  /** From now on silence of that server is suspicious. */
  listenFor(server: SocketAddress, now: Instant): void {
    const name = formatSocketAddress(server);
    const before = this.#ears.get(name);
    if (before !== undefined && !before.done) return;
    const ear = new Ear(this.#context, this, server, now);
    this.#ears.set(name, ear);
    this.#context.timed.add(ear);
  }

  /** What else is known about a server that did not answer here. */
  evidenceFor(server: SocketAddress): StageData {
    return this.#ears.get(formatSocketAddress(server))?.evidence ?? {};
  }

  close(): void {
    for (const ear of this.#ears.values()) ear.close();
    this.#context.timed.delete(this.link);
    this.#context.transports.close(this.link.transport);
  }

  #answer(now: Instant): void {
    for (const act of this.#waiting.splice(0)) act(this.#failure, now);
  }

  #failed(error: string, detail: string | undefined, now: Instant): void {
    const clue = { cause: 'local' as const, problem: detail ?? `socket error ${error}` };
    this.#failure = { ...clue, systemError: error };
    this.link.close(clue, now);
    for (const ear of this.#ears.values()) ear.close();
    this.#answer(now);
  }

  #sendFailed(to: SocketAddress, error: string, now: Instant): void {
    const cause = causeOfSystemError(error);
    // A full buffer passes: the request is sent again. What the routing table or a firewall says does not.
    if (cause === 'local' && error !== 'EINVAL' && error !== 'EADDRNOTAVAIL' && error !== 'EAFNOSUPPORT') return;
    this.link.failServer(
      to,
      { cause: cause === 'local' ? 'unreachable' : cause, problem: `sending failed: ${error}` },
      now,
    );
  }
}
