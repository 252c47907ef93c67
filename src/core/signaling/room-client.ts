import { Mailbox, type SignalingChannel } from './channel.ts';
import { type RoomNotice, type RoomRequest, readRoomNotice } from './room-messages.ts';

/** Why there is no room: the server's word, or why it could not be asked. */
export class RoomFailure extends Error {
  /** `wrong-code`, `room-full`, ...; `unreachable`, `silent`, `certificate`, `no-rooms`, `expired`, `aborted` where the server could not say so. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'RoomFailure';
    this.code = code;
  }
}

/** An open connection to a server of rooms. */
export interface RoomSocket {
  send(text: string): void;
  close(): void;
  /** Runs it once after so many milliseconds; the returned function takes that back. */
  after(ms: number, run: () => void): () => void;
}

/** How long the server may take for an answer. */
const ANSWER_MS = 10_000;

export interface OpenedRoom {
  readonly code: string;
  readonly expiresInMs: number;
  /** Settles when somebody joins. */
  readonly joined: Promise<SignalingChannel>;
}

/** A client of a server of rooms, whatever carries its texts: for one room. */
export class RoomClient {
  readonly #socket: RoomSocket;
  readonly #notices: RoomNotice[] = [];
  #wake: (() => void) | undefined;
  #failure: RoomFailure | undefined;
  #mailbox: Mailbox | undefined;

  constructor(socket: RoomSocket) {
    this.#socket = socket;
  }

  /** Opens a room: its code at once, the channel when somebody has joined. Rejects with {@link RoomFailure}. */
  async open(): Promise<OpenedRoom> {
    this.#ask({ type: 'open' });
    const opened = await this.#expect('opened', ANSWER_MS);
    // The server says when the time is up; should it not, it is not waited for.
    const limitMs = Math.min(MOST_WAITING_MS, opened.expiresInMs) + ANSWER_MS;
    const joined = this.#expect('peer-joined', limitMs).then(({ peer }) => this.#channel(opened.id, peer));
    // Whoever gives up before somebody comes need not look at it.
    joined.catch(() => {});
    return { code: opened.code, expiresInMs: opened.expiresInMs, joined };
  }

  /** Joins a room that somebody waits in. Rejects with {@link RoomFailure}. */
  async join(code: string): Promise<SignalingChannel> {
    this.#ask({ type: 'join', code });
    const { id, peer } = await this.#expect('joined', ANSWER_MS);
    return this.#channel(id, peer);
  }

  /** What came from the server. */
  onText(text: string): void {
    const notice = readRoomNotice(text);
    // A server that says what no server of rooms says is not listened to.
    if (!notice.ok) return;
    if (this.#mailbox !== undefined) deliver(this.#mailbox, notice.value);
    else if (this.#notices.length < MOST_WAITING) this.#notices.push(notice.value);
    this.#wake?.();
  }

  /** Nothing can come any more. */
  fail(failure: RoomFailure): RoomFailure {
    this.#failure ??= failure;
    this.#mailbox?.end(this.#failure.message);
    this.#wake?.();
    this.#socket.close();
    return this.#failure;
  }

  #ask(request: RoomRequest): void {
    this.#socket.send(JSON.stringify(request));
  }

  async #expect<Type extends RoomNotice['type']>(
    type: Type,
    limitMs: number,
  ): Promise<Extract<RoomNotice, { readonly type: Type }>> {
    const cancel = this.#socket.after(limitMs, () => {
      this.fail(new RoomFailure('silent', 'the server of rooms does not answer'));
    });
    try {
      return await this.#next(type);
    } finally {
      cancel();
    }
  }

  async #next<Type extends RoomNotice['type']>(type: Type): Promise<Extract<RoomNotice, { readonly type: Type }>> {
    for (;;) {
      const notice = this.#notices.shift();
      if (notice?.type === type) return notice as Extract<RoomNotice, { readonly type: Type }>;
      if (notice?.type === 'error') throw this.fail(new RoomFailure(notice.code, notice.message));
      if (notice?.type === 'over') throw this.fail(new RoomFailure('expired', overWords(notice.reason)));
      if (notice !== undefined) continue;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** From now on notices are the channel's. */
  #channel(local: string, remote: string): SignalingChannel {
    const mailbox = new Mailbox(local, remote);
    this.#mailbox = mailbox;
    mailbox.onSend = (message) => this.#ask({ type: 'message', to: remote, message });
    mailbox.onClose = () => this.#socket.close();
    for (const notice of this.#notices.splice(0)) deliver(mailbox, notice);
    if (this.#failure !== undefined) mailbox.end(this.#failure.message);
    return mailbox;
  }
}

function deliver(mailbox: Mailbox, notice: RoomNotice): void {
  if (notice.type === 'message' && notice.from === mailbox.remote) mailbox.deliver(notice.message);
  if (notice.type === 'over') mailbox.end(overWords(notice.reason));
  if (notice.type === 'error') mailbox.end(notice.message);
}

function overWords(reason: Extract<RoomNotice, { readonly type: 'over' }>['reason']): string {
  if (reason === 'peer-left') return 'the other end left the room';
  return reason === 'expired' ? "the room's time is over" : 'the signaling server was closed';
}

const MOST_WAITING = 1000;
/** Whatever a server says of the life of its rooms. */
const MOST_WAITING_MS = 60 * 60_000;
