import type { PeerCommand, PeerReport } from '../core/call/remote.ts';
import type { SessionEnd } from '../core/call/session-options.ts';
import type { PeerMessage } from '../core/signaling/message.ts';
import { type Peer, PeerCrash, type PeerListener, type PeerSessionOptions } from './peer.ts';

/** A peer that lives elsewhere, in a process or a page of its own: it is told what to do and tells what came of it. */
export abstract class RemotePeer implements Peer {
  readonly stack: string;
  #listener: PeerListener | undefined;
  #settle: { resolve(end: SessionEnd): void; reject(error: Error): void } | undefined;
  #gone: string | undefined;

  constructor(stack: string) {
    this.stack = stack;
  }

  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  async take(options: PeerSessionOptions, listener: PeerListener): Promise<SessionEnd> {
    if (this.#gone !== undefined) throw new PeerCrash(this.stack, this.#gone);
    this.#listener = listener;
    return await new Promise<SessionEnd>((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.send({ type: 'open', options: { ...options, stack: this.stack } });
    }).finally(() => {
      this.#settle = undefined;
    });
  }

  receive(message: PeerMessage): void {
    this.send({ type: 'message', message });
  }

  hangUp(reason: string): void {
    this.send({ type: 'close', reason });
  }

  abstract [Symbol.asyncDispose](): Promise<void>;

  protected abstract send(command: PeerCommand): void;

  /** Its time of an event as milliseconds of our monotonic clock. */
  protected abstract atOurs(at: number): number;

  protected onReport(report: PeerReport): void {
    if (report.type === 'event') this.#listener?.onEvent(report.event, this.atOurs(report.at));
    else if (report.type === 'message') this.#listener?.onMessage(report.message);
    else if (report.type === 'ended') this.#settle?.resolve(report.end);
  }

  /** What was under way ends with a {@link PeerCrash}. */
  protected onGone(how: string): void {
    this.#gone ??= how;
    this.#settle?.reject(new PeerCrash(this.stack, this.#gone));
  }
}
