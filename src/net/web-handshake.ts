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
