import type { SocketAddress, TransportKind } from '../core/address.ts';
import type { TlsHandshake } from '../record/events.ts';

/** What became of a TLS handshake: the event without the stamp of its transport. */
export type Handshake = Omit<TlsHandshake, 'type' | 'transport'>;

/** A socket or connection of ours. */
export interface Transport {
  readonly kind: TransportKind;
  /** On a stream, and on a connected socket, `to` is the other end. Bytes sent before `opened` or after the end are lost. */
  send(bytes: Uint8Array, to: SocketAddress): void;
  /** Harmless when repeated. The listener hears nothing more. */
  close(): void;
}

/** What a transport tells, in this order: `connected`, `shaken`, `opened`, any number of `received`, one `failed`. */
export interface TransportListener {
  /** The socket is bound, or the TCP connection stands. */
  connected(local: SocketAddress): void;
  /** TLS only: how the handshake went, well or not. */
  shaken(handshake: Handshake): void;
  /** Bytes can be sent. */
  opened(local: SocketAddress): void;
  received(bytes: Uint8Array, from: SocketAddress): void;
  /**
   * The transport is gone. `error` is the system's code, `closed` where the other end closed the connection in order,
   * or `tls` where the handshake failed or was judged not good enough.
   */
  failed(error: string, detail?: string): void;
  /** An unconnected UDP socket, which lives on: the system refused to send to that address. */
  sendFailed(to: SocketAddress, error: string): void;
}

/** The system's word for an error of a socket. */
export function errorCodeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

/**
 * For Node's `lookup` option. Every address given to a socket here is a literal; Node would take it through
 * getaddrinfo's thread pool all the same.
 */
export function literalLookup(
  address: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, address, address.includes(':') ? 6 : 4);
}
