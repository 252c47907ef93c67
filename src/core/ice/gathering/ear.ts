import type { SocketAddress } from '../../address.ts';
import type { StageData } from '../../attempt.ts';
import type { Deadline, TransportId } from '../../machine.ts';
import { requestBinding } from '../../stun/binding.ts';
import { StunLink } from '../../stun/link.ts';
import { causeOfSystemError } from '../../system-error.ts';
import type { Instant } from '../../time.ts';
import type { GatheringContext, Timed } from './context.ts';
import type { UdpSocket } from './udp-socket.ts';

/**
 * Listens for a refusal by ICMP, which the system tells connected UDP sockets only: when a server has been silent for a
 * while, a second socket, connected to it, sends a Binding request. An ICMP error ends the waiting of the first socket for
 * that server at once; an answer is kept as evidence, for then something is wrong with the first socket's port alone.
 */
export class Ear implements Timed {
  readonly #context: GatheringContext;
  readonly #socket: UdpSocket;
  readonly #server: SocketAddress;
  #openAt: Instant | undefined;
  #transport: TransportId | undefined;
  #link: StunLink | undefined;
  #evidence: StageData = {};
  #done = false;

  constructor(context: GatheringContext, socket: UdpSocket, server: SocketAddress, now: Instant) {
    this.#context = context;
    this.#socket = socket;
    this.#server = server;
    this.#openAt = now + context.settings.earAfterMs;
  }

  get done(): boolean {
    return this.#done;
  }

  get evidence(): StageData {
    return this.#evidence;
  }

  get deadline(): Deadline | undefined {
    if (this.#openAt !== undefined) return { at: this.#openAt, why: 'a second socket, which hears ICMP errors' };
    return this.#link?.deadline;
  }

  handleTimeout(now: Instant): void {
    if (this.#openAt === undefined) {
      this.#link?.handleTimeout(now);
      // Nobody waits for that server any more.
      if (this.#socket.link.sendsWithoutAnswer(this.#server) === 0) this.close();
      return;
    }
    if (now < this.#openAt) return;
    this.#openAt = undefined;
    if (this.#socket.link.sendsWithoutAnswer(this.#server) === 0) this.close();
    else this.#open();
  }

  /** The server has said something to the first socket. */
  heard(): void {
    this.#evidence = {};
    this.close();
  }

  close(): void {
    if (this.#done) return;
    this.#done = true;
    this.#openAt = undefined;
    this.#context.timed.delete(this);
    if (this.#transport !== undefined) this.#context.transports.close(this.#transport);
  }

  #open(): void {
    this.#transport = this.#context.transports.openUdp(
      this.#socket.local,
      {
        opened: (_local, _problems, now) => this.#ask(now),
        failed: (error, _detail, now) => this.#failed(error, now),
        received: (from, bytes, now) => this.#link?.receive(from, bytes, now),
      },
      this.#server,
    );
  }

  #ask(now: Instant): void {
    const { settings, outputs } = this.#context;
    this.#link = new StunLink(this.#transport ?? '', 'udp', settings.random, outputs);
    requestBinding(
      this.#link,
      this.#server,
      settings.timing,
      (result) => {
        if (result.outcome === 'success') this.#evidence = { answeredAnotherPort: true };
      },
      now,
    );
  }

  #failed(error: string, now: Instant): void {
    const cause = causeOfSystemError(error);
    this.#link?.close({ cause }, now);
    this.#link = undefined;
    this.close();
    if (cause === 'refused' || cause === 'unreachable') {
      this.#socket.link.failServer(this.#server, { cause }, now);
    }
  }
}
