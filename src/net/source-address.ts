import { createSocket } from 'node:dgram';
import type { SocketAddress } from '../core/address.ts';
import { errorCodeOf, literalLookup } from './transport.ts';

/**
 * The address of ours that the system's routes pick towards a destination, or the system's error (`ENETUNREACH`). Asks by
 * connecting a UDP socket, which sends nothing.
 */
export function sourceAddressFor(
  remote: SocketAddress,
): Promise<{ readonly address: string } | { readonly error: string }> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: remote.family === 6 ? 'udp6' : 'udp4', lookup: literalLookup as never });
    const finish = (result: { readonly address: string } | { readonly error: string }) => {
      socket.removeAllListeners();
      socket.close();
      resolve(result);
    };
    socket.once('error', (error) => finish({ error: errorCodeOf(error) }));
    // With a callback, Node gives it the error and emits none; the types do not say so.
    socket.connect(remote.port, remote.address, ((error?: Error) =>
      finish(
        error === undefined ? { address: socket.address().address } : { error: errorCodeOf(error) },
      )) as () => void);
  });
}
