import { connect } from 'node:tls';
import { connectTcp, type TcpRequest } from './tcp.ts';
import { serverNameOf } from './tls.ts';
import { errorCodeOf } from './transport.ts';

/**
 * A TLS handshake that offers what a web browser offers (ALPN `h2` and `http/1.1`, RFC 7301) and sends nothing after it.
 * Resolves to null where it came through, be the certificate what it may; else to the system's or OpenSSL's code.
 */
export function webHandshake(
  request: TcpRequest & { readonly host: string },
  timeoutMs: number,
): Promise<string | null> {
  return new Promise((resolve) => {
    const tcp = connectTcp(request);
    const finish = (result: string | null) => {
      clearTimeout(timer);
      tcp.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish('ETIMEDOUT'), timeoutMs);
    const fail = (error: Error) => finish(errorCodeOf(error));
    tcp.on('error', fail);
    tcp.on('connect', () => {
      const socket = connect({
        socket: tcp,
        rejectUnauthorized: false,
        ALPNProtocols: ['h2', 'http/1.1'],
        ...serverNameOf(request.host),
      });
      socket.on('error', fail);
      socket.on('secureConnect', () => finish(null));
    });
  });
}

/**
 * As much noise as a ClientHello has bytes, but nothing that a filter would take for TLS: what a server does with the one
 * it does with the other. `reset` where the connection is reset, as it was for the handshake; `kept` for anything else.
 */
export function noiseInsteadOfHello(
  request: TcpRequest,
  timeoutMs: number,
): Promise<'reset' | 'kept' | 'no-connection'> {
  return new Promise((resolve) => {
    const tcp = connectTcp(request);
    let isConnected = false;
    const finish = (result: 'reset' | 'kept' | 'no-connection') => {
      clearTimeout(timer);
      tcp.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish(isConnected ? 'kept' : 'no-connection'), timeoutMs);
    tcp.on('error', (error) => finish(isConnected && errorCodeOf(error) === 'ECONNRESET' ? 'reset' : 'no-connection'));
    tcp.on('data', () => finish('kept'));
    tcp.on('end', () => finish('kept'));
    tcp.on('connect', () => {
      isConnected = true;
      tcp.write(NOISE);
    });
  });
}

/** Neither STUN nor ChannelData, TLS or any protocol's greeting begins so. */
const NOISE = new Uint8Array(320).fill(0xf5);
