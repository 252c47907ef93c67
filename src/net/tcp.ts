import { connect, type Socket } from 'node:net';
import { canonicalAddress, type SocketAddress } from '../core/address.ts';
import { errorCodeOf, literalLookup, type Transport, type TransportListener } from './transport.ts';

export interface TcpRequest {
  /** An address of this machine. */
  readonly local: string;
  /** Default 0: the system picks one. Linux lets several connections to different places share one. */
  readonly localPort?: number;
  readonly remote: SocketAddress;
}

/** A TCP connection. How long it may take to be established is for the caller to say: `close` ends the attempt. */
export function openTcp(request: TcpRequest, listener: TransportListener): Transport {
  const { remote } = request;
  const socket = connectTcp(request);
  const state = { isOpen: false, isClosed: false };

  function close(): void {
    state.isClosed = true;
    socket.destroy();
  }
  function fail(error: string, detail?: string): void {
    if (state.isClosed) return;
    close();
    listener.failed(error, detail);
  }

  socket.on('connect', () => {
    if (state.isClosed) return;
    state.isOpen = true;
    const local = localAddressOf(socket, request);
    listener.connected(local);
    listener.opened(local);
  });
  listenToStream(socket, remote, listener, state, fail);

  return {
    kind: 'tcp',
    send(bytes) {
      if (state.isOpen && !state.isClosed) socket.write(bytes);
    },
    close,
  };
}

export function connectTcp({ local, localPort = 0, remote }: TcpRequest): Socket {
  return connect({
    host: remote.address,
    port: remote.port,
    localAddress: local,
    ...(localPort === 0 ? {} : { localPort }),
    family: remote.family,
    // One address, one attempt: which of them works is what we are here to find out.
    autoSelectFamily: false,
    noDelay: true,
    lookup: literalLookup as never,
  });
}

/** What TCP and TLS have in common once there are bytes. */
export function listenToStream(
  socket: Socket,
  remote: SocketAddress,
  listener: TransportListener,
  state: { readonly isClosed: boolean },
  fail: (error: string, detail?: string) => void,
): void {
  socket.on('data', (chunk: Buffer) => {
    if (!state.isClosed) listener.received(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength), remote);
  });
  socket.on('error', (error) => fail(errorCodeOf(error), error.message));
  // A server that has ended its half of the stream has nothing more to say; no protocol here goes on after that.
  socket.on('end', () => fail('closed'));
  socket.on('close', () => fail('closed'));
}

export function localAddressOf(socket: Socket, { local, remote }: TcpRequest): SocketAddress {
  return {
    family: remote.family,
    address: canonicalAddress(socket.localAddress ?? local) ?? local,
    port: socket.localPort ?? 0,
  };
}
