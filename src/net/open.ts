import type { SocketAddress, TransportKind } from '../core/address.ts';
import { openTcp } from './tcp.ts';
import { openTls, type TlsPolicy } from './tls.ts';
import type { Transport, TransportListener } from './transport.ts';
import { openUdp } from './udp.ts';

/** What is to be opened, from which of our addresses. */
export type TransportRequest =
  | { readonly kind: 'udp'; readonly local: SocketAddress; readonly remote?: SocketAddress }
  | {
      readonly kind: Exclude<TransportKind, 'udp'>;
      /** Port 0: the system picks one. For TLS it always does. */
      readonly local: SocketAddress;
      readonly remote: SocketAddress;
      /** The host of the URL: certificate name and SNI. */
      readonly host: string;
    };

/** The only place where a transport's kind picks a class. Never throws: what goes wrong is told to the listener. */
export function openTransport(request: TransportRequest, tls: TlsPolicy, listener: TransportListener): Transport {
  const local = request.local.address;
  switch (request.kind) {
    case 'udp': {
      const { family, port } = request.local;
      const connected = request.remote === undefined ? {} : { remote: request.remote };
      return openUdp({ local, family, localPort: port, ...connected }, listener);
    }
    case 'tcp':
      return openTcp({ local, localPort: request.local.port, remote: request.remote }, listener);
    case 'tls':
      return openTls({ local, remote: request.remote, host: request.host }, tls, listener);
  }
}
