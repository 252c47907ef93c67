import { connect, createSecureContext, type SecureVersion } from 'node:tls';
import type { SocketAddress } from '../core/address.ts';
import { connectTcp } from './tcp.ts';
import { serverNameOf } from './tls.ts';

export const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const satisfies readonly SecureVersion[];

/** The versions that a server shakes hands with, each asked for alone; no byte follows the handshake. */
export async function acceptedTlsVersions(
  target: { readonly server: SocketAddress; readonly host: string; readonly local: { readonly address: string } },
  waitMs: number,
): Promise<readonly string[]> {
  const accepted = await Promise.all(TLS_VERSIONS.map((version) => isAccepted(version, target, waitMs)));
  return TLS_VERSIONS.filter((_, i) => accepted[i] === true);
}

function isAccepted(
  version: SecureVersion,
  { server, host, local }: Parameters<typeof acceptedTlsVersions>[0],
  waitMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const tcp = connectTcp({ local: local.address, remote: server });
    const finish = (result: boolean): void => {
      clearTimeout(limit);
      tcp.destroy();
      resolve(result);
    };
    const limit = setTimeout(() => finish(false), waitMs);
    tcp.on('error', () => finish(false));
    tcp.on('connect', () => {
      const socket = connect({
        socket: tcp,
        secureContext: contextOf(version),
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
        ...serverNameOf(host),
      });
      socket.on('error', () => finish(false));
      socket.on('secureConnect', () => {
        socket.destroy();
        finish(true);
      });
    });
  });
}

/** OpenSSL 3 speaks TLS 1.0 and 1.1 at security level 0 only. Nothing is trusted, for nothing is sent. */
function contextOf(version: SecureVersion) {
  return createSecureContext({ ca: [], minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' });
}
