import { createSocket } from 'node:dgram';
import type { Family, SocketAddress } from '../core/address.ts';
import { errorCodeOf, literalLookup, type Transport, type TransportListener } from './transport.ts';

export interface UdpRequest {
  /** An address of this machine; never a wildcard, for answers would leave from whatever address the system picks. */
  readonly local: string;
  readonly family: Family;
  /** 0 or absent: any free one. */
  readonly localPort?: number;
  /** Set: a connected socket, which hears ICMP errors, and nobody but that address. */
  readonly remote?: SocketAddress;
}

/** Bursts of relayed data wait here while we are busy; Linux doubles it and caps it at `net.core.rmem_max`. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

export function openUdp(request: UdpRequest, listener: TransportListener): Transport {
  const { family, remote } = request;
  let isOpen = false;
  let isClosed = false;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    lookup: literalLookup as never,
    recvBufferSize: RECEIVE_BUFFER_BYTES,
  });

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    socket.close();
  }
  function fail(error: Error): void {
    if (isClosed) return;
    close();
    listener.failed(errorCodeOf(error), error.message);
  }
  function opened(): void {
    if (isClosed) return;
    isOpen = true;
    const local = { family, address: request.local, port: socket.address().port };
    listener.connected(local);
    listener.opened(local);
  }

  socket.on('error', fail);
  socket.on('message', (message, { address, port }) => {
    if (isClosed) return;
    const bytes = new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
    listener.received(bytes, { family, address, port });
  });
  // Node may call back within `bind`; our caller is not ready for that before it has what we return.
  queueMicrotask(() => {
    if (isClosed) return;
    socket.bind({ address: request.local, port: request.localPort ?? 0, exclusive: true }, () => {
      if (isClosed) return;
      if (remote === undefined) opened();
      // The callback gets the error, if there is one, though the types do not say so.
      else
        socket.connect(remote.port, remote.address, ((error?: Error) =>
          error ? fail(error) : opened()) as () => void);
    });
  });

  return {
    kind: 'udp',
    send(bytes, to) {
      if (!isOpen || isClosed) return;
      if (remote !== undefined) {
        socket.send(bytes, (error) => error && fail(error));
        return;
      }
      socket.send(bytes, to.port, to.address, (error) => {
        if (error && !isClosed) listener.sendFailed(to, errorCodeOf(error));
      });
    },
    close,
  };
}
