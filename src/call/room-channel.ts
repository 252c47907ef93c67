import WebSocket from 'ws';
import type { SignalingChannel } from '../core/signaling/channel.ts';
import { type OpenedRoom, RoomClient, RoomFailure } from '../core/signaling/room-client.ts';

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
export async function openRoom(server: RoomServer, signal: AbortSignal): Promise<OpenedRoom> {
  return await (await connect(server, signal)).open();
}

/** Joins a room that somebody waits in. Rejects with {@link RoomFailure}. */
export async function joinRoom(server: RoomServer, code: string, signal: AbortSignal): Promise<SignalingChannel> {
  return await (await connect(server, signal)).join(code);
}

async function connect({ url, fingerprint, ca }: RoomServer, signal: AbortSignal): Promise<RoomClient> {
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
  const abort = (): void => void client.fail(new RoomFailure('aborted', 'interrupted'));
  const client = new RoomClient({
    send(text) {
      if (socket.readyState === socket.OPEN) socket.send(text);
    },
    close() {
      signal.removeEventListener('abort', abort);
      socket.close();
    },
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });
  signal.addEventListener('abort', abort, { once: true });
  socket.on('message', (data, isBinary) => client.onText(isBinary ? '' : String(data)));
  socket.on('error', () => {});
  socket.on('close', () => client.fail(new RoomFailure('unreachable', 'the signaling server closed the connection')));
  return client;
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
