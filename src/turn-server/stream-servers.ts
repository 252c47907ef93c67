import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type SecureContextOptions } from 'node:tls';

/** How long a client may take for its TLS handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** A TCP server whose connections go to `accept`. */
export function tcpServer(accept: (socket: Socket) => void): Server {
  return createServer({ noDelay: true }, accept);
}

/** Takes connections and never says a word. */
export function muteServer(): Server {
  const held = new Set<Socket>();
  const server = createServer((socket) => {
    held.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => held.delete(socket));
    // Read on, so that the other end's leaving is noticed.
    socket.resume();
  });
  return beforeClose(server, () => {
    for (const socket of held) socket.destroy();
  });
}

/**
 * A TLS server whose connections, once they are secure, go to `accept`; `fail` hears why others did not get there.
 * @throws OpenSSL's error for a certificate or key that is none
 */
export function tlsServer(
  secrets: SecureContextOptions,
  accept: (socket: Socket) => void,
  fail: (socket: Socket, why: string) => void,
): Server {
  const handshaking = new Map<string, Socket>();
  const options = { ...secrets, noDelay: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
  const server = createTlsServer(options, (secure) => {
    handshaking.delete(endOf(secure));
    accept(secure);
  });
  server.on('connection', (raw: Socket) => {
    const end = endOf(raw);
    handshaking.set(end, raw);
    raw.once('close', () => {
      if (handshaking.get(end) === raw) handshaking.delete(end);
    });
  });
  server.on('tlsClientError', (error, socket) => {
    fail(socket, reasonOf(error));
    socket.destroy();
  });
  return beforeClose(server, () => {
    for (const raw of handshaking.values()) raw.destroy();
  });
}

/** What holds a server open although nobody waits for it ends as soon as it is closed. */
function beforeClose(server: Server, end: () => void): Server {
  const close = server.close.bind(server);
  server.close = (callback) => {
    end();
    return close(callback);
  };
  return server;
}

function endOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

/** OpenSSL's reason without its file and line: `sslv3 alert certificate unknown`. */
function reasonOf(error: Error): string {
  const { reason, code } = error as Error & { readonly reason?: string; readonly code?: string };
  return reason ?? (code === 'ECONNRESET' ? 'the client left in the middle of it' : error.message);
}
