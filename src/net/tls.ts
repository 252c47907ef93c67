import type { X509Certificate } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { familyOf } from '../core/address.ts';
import { describeCertificate } from './certificate.ts';
import { connectTcp, listenToStream, localAddressOf, type TcpRequest } from './tcp.ts';
import { judge, type TlsProblem } from './tls-judge.ts';
import { errorCodeOf, type Handshake, type Transport, type TransportListener } from './transport.ts';
import type { TrustStore } from './trust.ts';

export interface TlsRequest extends TcpRequest {
  /** The host of the URL: whom the certificate must name, and SNI where it is a name (RFC 6066 3 wants no address there). */
  readonly host: string;
}

export interface TlsPolicy {
  readonly trust: TrustStore;
  /** Go on with a server that a client that verifies would refuse. */
  readonly insecure: boolean;
}

/**
 * A TLS connection. Node would tell neither the certificate nor more than one reason when it refuses a server, so the
 * handshake verifies nothing and {@link judge} does; `opened`, after which credentials may flow, comes only after its
 * judgement.
 */
export function openTls(request: TlsRequest, policy: TlsPolicy, listener: TransportListener): Transport {
  const { remote, host } = request;
  const state = { isOpen: false, isClosed: false, socket: undefined as TLSSocket | undefined };
  let tcp = connectTcp(request);
  let handshakeFrom = 0;

  function close(): void {
    state.isClosed = true;
    state.socket?.destroy();
    tcp.destroy();
  }
  function fail(error: string, detail?: string): void {
    if (state.isClosed) return;
    close();
    listener.failed(error, detail);
  }

  const failTcp = (error: Error): void => fail(errorCodeOf(error), error.message);
  tcp.on('error', failTcp);
  tcp.on('connect', () => {
    if (state.isClosed) return;
    tcp.off('error', failTcp);
    // From here on the TLS socket has its errors; Node would throw what nobody listens to.
    tcp.on('error', () => {});
    listener.connected(localAddressOf(tcp, request));
    if (state.isClosed) return;
    handshakeFrom = performance.now();
    shake(undefined);
  });

  /** `refused` is what a client of today was told, where this is the second try, with what is no longer in use. */
  function shake(refused: Error | undefined): void {
    const socket = connect({
      socket: tcp,
      secureContext: refused === undefined ? policy.trust.context : policy.trust.legacyContext,
      rejectUnauthorized: false,
      // Judged by us, for OpenSSL's word on the chain must not be overwritten by Node's on the name.
      checkServerIdentity: () => undefined,
      ...serverNameOf(host),
    });
    state.socket = socket;
    const failHandshake = (error: Error): void => {
      if (state.isClosed) return;
      if (refused === undefined && mayBeOld(error)) retry(error);
      else failed(socket, refused ?? error);
    };
    socket.on('error', failHandshake);
    socket.on('secureConnect', () => {
      if (state.isClosed) return;
      socket.off('error', failHandshake);
      shaken(socket, refused);
    });
  }

  function retry(refused: Error): void {
    tcp.destroy();
    tcp = connectTcp(request);
    const failAgain = (): void => {
      if (!state.isClosed) failed(undefined, refused);
    };
    tcp.on('error', failAgain);
    tcp.on('connect', () => {
      tcp.off('error', failAgain);
      tcp.on('error', () => {});
      if (!state.isClosed) shake(refused);
    });
  }

  function failed(socket: TLSSocket | undefined, error: Error): void {
    finish(socket, [], null, [{ code: 'handshake-failed', detail: wordsOf(error) }]);
  }

  function shaken(socket: TLSSocket, refused: Error | undefined): void {
    const chain = chainOf(socket);
    const protocol = socket.getProtocol();
    const authorizationError = refused === undefined ? wordOf(socket.authorizationError) : 'not asked';
    const problems = judge({ chain, protocol, host, authorizationError, nowMs: Date.now() }, policy.trust);
    if (refused !== undefined && !problems.some(({ code }) => code === 'old-version')) {
      // It speaks TLS 1.2 or later, but only with ciphers or keys that nobody accepts any more.
      problems.push({ code: 'handshake-failed', detail: wordsOf(refused) });
    }
    finish(socket, chain, protocol, problems);
  }

  function finish(
    socket: TLSSocket | undefined,
    chain: readonly X509Certificate[],
    protocol: string | null,
    problems: readonly TlsProblem[],
  ): void {
    const handshake: Handshake = {
      protocol,
      cipher: protocol === null ? null : (socket?.getCipher().standardName ?? null),
      alpn: typeof socket?.alpnProtocol === 'string' ? socket.alpnProtocol : null,
      servername: familyOf(host) === undefined ? host : null,
      chain: chain.map(describeCertificate),
      problems,
      durationMs: performance.now() - handshakeFrom,
    };
    listener.shaken(handshake);
    if (state.isClosed) return;
    const isUsable = chain.length > 0 && (problems.length === 0 || policy.insecure);
    if (socket === undefined || !isUsable) {
      fail('tls', problems.map(({ code, detail }) => `${code}: ${detail}`).join('; '));
      return;
    }
    state.isOpen = true;
    listenToStream(socket, remote, listener, state, fail);
    listener.opened(localAddressOf(tcp, request));
  }

  return {
    kind: 'tls',
    send(bytes) {
      if (state.isOpen && !state.isClosed) state.socket?.write(bytes);
    },
    close,
  };
}

/** SNI, where the host is a name: RFC 6066 3 wants no address there, and no final dot. */
export function serverNameOf(host: string): { readonly servername?: string } {
  return familyOf(host) === undefined ? { servername: host.replace(/\.$/, '') } : {};
}

/**
 * A server too old for our first handshake says so by an alert, or by an answer that OpenSSL finds too weak. What is no TLS
 * at all reads as a wrong version number, and a reset says nothing about age: neither is worth another connection.
 */
function mayBeOld(error: Error): boolean {
  const code = errorCodeOf(error);
  return (code.startsWith('ERR_SSL_') && code !== 'ERR_SSL_WRONG_VERSION_NUMBER') || code === 'EPROTO';
}

function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    chain.push(certificate);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

/** Declared as an error, in fact OpenSSL's code as text. */
function wordOf(authorizationError: unknown): string | null {
  if (authorizationError === null || authorizationError === undefined) return null;
  return authorizationError instanceof Error ? errorCodeOf(authorizationError) : String(authorizationError);
}

/** The code, and OpenSSL's reason without the numbers and file names around it. */
function wordsOf(error: Error): string {
  const { reason, syscall } = error as NodeJS.ErrnoException & { readonly reason?: string };
  const code = errorCodeOf(error);
  // Node gives one code for both: a reset that was received, and an end in the middle of the handshake.
  if (code === 'ECONNRESET' && syscall === undefined)
    return 'closed: the other end hung up in the middle of the handshake';
  return `${code}: ${reason ?? error.message}`;
}
