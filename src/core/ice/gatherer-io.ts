import type { Family, SocketAddress, TransportKind } from '../address.ts';
import type { TransportId } from '../machine.ts';
import type { Secret } from '../secret.ts';
import type { ServerUri } from '../stun/uri.ts';

// What passes between the gatherer, which decides, and whoever has the sockets, which does.

export interface GatherServer {
  /** As the user wrote it: names the server in events, candidates and errors. */
  readonly url: string;
  readonly uri: ServerUri;
  readonly username?: string;
  readonly credential?: Secret;
}

/** A local address that candidates may be based on. */
export interface LocalAddress {
  readonly interface: string;
  readonly family: Family;
  readonly address: string;
}

export type GathererInput =
  | { readonly type: 'start' }
  /** Addresses of a server, as they become known; `final` with the last of them. No addresses at all: see `failure`. */
  | {
      readonly type: 'resolved';
      readonly url: string;
      readonly addresses: readonly SocketAddress[];
      readonly final: boolean;
      readonly failure?: { readonly cause: 'dns-not-found' | 'dns-failed' | 'dns-timeout'; readonly detail: string };
    }
  /** A socket is bound, or a connection (with its TLS handshake, judged good enough) stands. */
  | { readonly type: 'opened'; readonly transport: TransportId; readonly local: SocketAddress }
  /**
   * It could not be opened or connected, or died; or, on a connected UDP socket, an ICMP error came: `error` is the
   * system's code (`ECONNREFUSED`, ...), or `tls` with what was wrong in `detail`.
   */
  | { readonly type: 'failed'; readonly transport: TransportId; readonly error: string; readonly detail?: string }
  /** A datagram, or a chunk of a stream in any cut. */
  | {
      readonly type: 'received';
      readonly transport: TransportId;
      readonly from: SocketAddress;
      readonly bytes: Uint8Array;
    }
  /** Ends gathering now: releases every allocation, then completes. */
  | { readonly type: 'stop'; readonly why: string };

export type GathererCommand =
  /** `remote` set: a connected UDP socket, which hears ICMP errors but nobody else. */
  | {
      readonly type: 'open-udp';
      readonly transport: TransportId;
      readonly local: LocalAddress;
      readonly remote?: SocketAddress;
    }
  | {
      readonly type: 'connect';
      readonly transport: TransportId;
      readonly kind: Exclude<TransportKind, 'udp'>;
      readonly local: LocalAddress;
      readonly remote: SocketAddress;
      /** The host of the URL: certificate name and SNI. */
      readonly host: string;
    }
  | { readonly type: 'close'; readonly transport: TransportId };
