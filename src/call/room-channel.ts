import WebSocket from 'ws';
import { type RoomNotice, type RoomRequest, readRoomNotice } from '../core/signaling/room-messages.ts';
import { Mailbox, type SignalingChannel } from './channel.ts';

/** Why there is no room: the server's word, or why it could not be asked. */
export class RoomFailure extends Error {
  /** `wrong-code`, `room-full`, ...; `unreachable`, `certificate`, `no-rooms`, `expired`, `aborted` where the server could not say so. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'RoomFailure';
    this.code = code;
  }
}

export interface RoomServer {
  /** `ws:` or `wss:`, with the path. */
  readonly url: string;
  /** SHA-256 of its certificate in hex: trusted whoever signed it. */
  readonly fingerprint?: string;
  /** PEM, trusted beside the system's. */
  readonly ca?: string;
}

const CONNECT_MS = 10_000;

/** Opens a room: its code at once, the channel when somebody has joined. Rejects with {@link RoomFailure}. */
export async function openRoom(
  server: RoomServer,
  signal: AbortSignal,
): Promise<{ readonly code: string; readonly expiresInMs: number; readonly joined: Promise<SignalingChannel> }> {
  const room = await RoomClient.connect(server, signal);
  room.ask({ type: 'open' });
  const opened = await room.expect('opened');
  const joined = room
    .expect('peer-joined')
    .then(({ peer }) => room.channel(opened.id, peer))
    .finally(() => room.settle());
  // Whoever gives up before somebody comes need not look at it.
  joined.catch(() => {});
  return { code: opened.code, expiresInMs: opened.expiresInMs, joined };
}

/** Joins a room that somebody waits in. Rejects with {@link RoomFailure}. */
export async function joinRoom(server: RoomServer, code: string, signal: AbortSignal): Promise<SignalingChannel> {
  const room = await RoomClient.connect(server, signal);
  room.ask({ type: 'join', code });
  const { id, peer } = await room.expect('joined');
  return room.channel(id, peer);
}

class RoomClient {
  readonly #socket: WebSocket;
  readonly #notices: RoomNotice[] = [];
  #wake: (() => void) | undefined;
  #failure: RoomFailure | undefined;
  #mailbox: Mailbox | undefined;
  readonly #unlisten: () => void;

  private constructor(socket: WebSocket, signal: AbortSignal) {
    this.#socket = socket;
    const abort = (): void => {
      this.#fail(new RoomFailure('aborted', 'interrupted'));
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#unlisten = () => signal.removeEventListener('abort', abort);
    socket.on('message', (data, isBinary) => this.#onText(isBinary ? '' : String(data)));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#fail(new RoomFailure('unreachable', 'the signaling server closed the connection'));
    });
  }

  static async connect({ url, fingerprint, ca }: RoomServer, signal: AbortSignal): Promise<RoomClient> {
    const socket = new WebSocket(url, {
      handshakeTimeout: CONNECT_MS,
      perMessageDeflate: false,
      maxPayload: 128 * 1024,
      followRedirects: false,
      ...(ca === undefined ? {} : { ca }),
      // The fingerprint is compared below, before the code of the room or anything else is said.
      rejectUnauthorized: fingerprint === undefined,
    });
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => fail(new RoomFailure('aborted', 'interrupted'));
      const fail = (error: RoomFailure): void => {
        signal.removeEventListener('abort', abort);
        socket.terminate();
        reject(error);
      };
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      socket.on('error', (error) => fail(failureOf(error)));
      socket.on('unexpected-response', (_request, { statusCode }) =>
        fail(new RoomFailure('no-rooms', `the server answers ${statusCode}: there are no rooms at that address`)),
      );
      socket.on('upgrade', ({ socket: tls }) => {
        if (fingerprint === undefined || fingerprintOf(tls) === fingerprint.toLowerCase()) return;
        fail(new RoomFailure('certificate', 'the certificate is not the one that was announced'));
      });
      socket.on('open', () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
    });
    return new RoomClient(socket, signal);
  }

  ask(request: RoomRequest): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  async expect<Type extends RoomNotice['type']>(type: Type): Promise<Extract<RoomNotice, { readonly type: Type }>> {
    for (;;) {
      const notice = this.#notices.shift();
      if (notice?.type === type) return notice as Extract<RoomNotice, { readonly type: Type }>;
      if (notice?.type === 'error') throw this.#fail(new RoomFailure(notice.code, notice.message));
      if (notice?.type === 'over') throw this.#fail(new RoomFailure('expired', overWords(notice.reason)));
      if (notice !== undefined) continue;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** From now on notices are the channel's. */
  channel(local: string, remote: string): SignalingChannel {
    const mailbox = new Mailbox(local, remote);
    this.#mailbox = mailbox;
    mailbox.onSend = (message) => this.ask({ type: 'message', to: remote, message });
    mailbox.onClose = () => this.#close();
    for (const notice of this.#notices.splice(0)) this.#deliver(mailbox, notice);
    if (this.#failure !== undefined) mailbox.end(this.#failure.message);
    return mailbox;
  }

  settle(): void {
    if (this.#failure !== undefined) this.#close();
  }

  #onText(text: string): void {
    const notice = readRoomNotice(text);
    // A server that says what no server of rooms says is not listened to.
    if (!notice.ok) return;
    if (this.#mailbox !== undefined) this.#deliver(this.#mailbox, notice.value);
    else if (this.#notices.length < 1000) this.#notices.push(notice.value);
    this.#wake?.();
  }

  #deliver(mailbox: Mailbox, notice: RoomNotice): void {
    if (notice.type === 'message' && notice.from === mailbox.remote) mailbox.deliver(notice.message);
    if (notice.type === 'over') mailbox.end(overWords(notice.reason));
    if (notice.type === 'error') mailbox.end(notice.message);
  }

  #fail(failure: RoomFailure): RoomFailure {
    this.#failure ??= failure;
    this.#mailbox?.end(this.#failure.message);
    this.#wake?.();
    this.#close();
    return this.#failure;
  }

  #close(): void {
    this.#unlisten();
    this.#socket.close();
  }
}

function overWords(reason: Extract<RoomNotice, { readonly type: 'over' }>['reason']): string {
  if (reason === 'peer-left') return 'the other end left the room';
  return reason === 'expired' ? "the room's time is over" : 'the signaling server was closed';
}

/** Of a TLS socket, which the types of an HTTP response take for any socket. */
function fingerprintOf(socket: object): string | undefined {
  const { getPeerCertificate } = socket as { getPeerCertificate?(): { readonly fingerprint256?: string } };
  return getPeerCertificate?.call(socket).fingerprint256?.replaceAll(':', '').toLowerCase();
}

function failureOf(error: Error): RoomFailure {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (/CERT|SELF_SIGNED|VERIFY|ISSUER/.test(code)) return new RoomFailure('certificate', error.message);
  return new RoomFailure('unreachable', error.message);
}
