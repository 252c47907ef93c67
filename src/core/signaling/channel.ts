import type { PeerMessage } from './message.ts';

/** The way between two peers before they have one of their own: ordered, whatever carries it. */
export interface SignalingChannel {
  /** Client ids within the room; `remote` is whom `send` addresses. */
  readonly local: string;
  readonly remote: string;
  send(message: PeerMessage): void;
  /** What the other end sent. Messages that come before somebody listens wait. */
  listen(listener: (message: PeerMessage) => void): void;
  /** Settles once nothing can come any more, with the reason. */
  readonly closed: Promise<string>;
  close(): void;
}

/** Both ends of a channel within this process. */
export function inProcessChannel(): readonly [SignalingChannel, SignalingChannel] {
  const a = new Mailbox('client-1', 'client-2');
  const b = new Mailbox('client-2', 'client-1');
  a.onSend = (message) => b.deliver(message);
  b.onSend = (message) => a.deliver(message);
  a.onClose = () => b.end('the other end closed the channel');
  b.onClose = () => a.end('the other end closed the channel');
  return [a, b];
}

/** One end of a channel; what carries it hands in what came, and takes what is to be sent. */
export class Mailbox implements SignalingChannel {
  readonly local: string;
  readonly remote: string;
  readonly closed: Promise<string>;
  onSend: (message: PeerMessage) => void = () => {};
  onClose: () => void = () => {};
  #listener: ((message: PeerMessage) => void) | undefined;
  #waiting: PeerMessage[] = [];
  #isOver = false;
  #settle: (reason: string) => void = () => {};

  constructor(local: string, remote: string) {
    this.local = local;
    this.remote = remote;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  send(message: PeerMessage): void {
    if (!this.#isOver) this.onSend(message);
  }

  listen(listener: (message: PeerMessage) => void): void {
    this.#listener = listener;
    for (const message of this.#waiting.splice(0)) listener(message);
  }

  /** Never within the sender's own call: a network would not do that either. */
  deliver(message: PeerMessage): void {
    void Promise.resolve().then(() => {
      if (this.#isOver) return;
      if (this.#listener !== undefined) this.#listener(message);
      else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(message);
    });
  }

  end(reason: string): void {
    this.#isOver = true;
    this.#settle(reason);
  }

  close(): void {
    if (this.#isOver) return;
    this.onClose();
    this.end('closed');
  }
}

const MOST_WAITING = 1000;
