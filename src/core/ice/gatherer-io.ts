import type { Family, SocketAddress, TransportKind } from '../address.ts';
import type { Hashes } from '../hashes.ts';
import type { Machine, TransportId } from '../machine.ts';
import type { Random } from '../random.ts';
import type { Secret } from '../secret.ts';
import type { Timing } from '../stun/transaction.ts';
import type { ServerUri } from '../stun/uri.ts';
import type { Instant } from '../time.ts';
import type { GatheringEvent } from './events.ts';

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

export interface GathererOptions {
  /** In the order of preference. */
  readonly servers: readonly GatherServer[];
  /** In the order of preference within a family; the gatherer mixes the families by RFC 8421. */
  readonly locals: readonly LocalAddress[];
  readonly random: Random;
  readonly hashes: Hashes;
  /** By then all is over, releases included, whatever is silent. */
  readonly deadlineAt: Instant;
  /** `relay`: nothing but relayed candidates is sought, and no STUN server asked. Default `all`. */
  readonly policy?: 'all' | 'relay';
  /** Names the gathering in its events: null (the default) for all servers together, or the URL it is about. */
  readonly gathering?: string | null;
  /** Begins the names of transports and attempts, to tell several gatherings of one run apart. Default empty. */
  readonly prefix?: string;
  /** Of requests over UDP. Default: RTO 500 ms, given up 5 s after the first send. */
  readonly timing?: Timing;
  /** Ta: at most one new transaction or connection in that time (RFC 8445 14.2). Default 5. */
  readonly pacingMs?: number;
  /** Silence of a UDP server after which a connected socket listens for ICMP errors as well. Default 100. */
  readonly earAfterMs?: number;
  /** Limit of a TCP connection or TLS handshake. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** Host candidates for TCP, active ones (RFC 6544). Default false. */
  readonly tcp?: boolean;
  /** Families of relayed addresses: the base's own (default), or both asked of each server (RFC 8656 7.1). */
  readonly relayFamilies?: 'same' | 'both';
  /** Leave allocations standing after `complete`, refreshed, until `stop`. Default false. */
  readonly keep?: boolean;
}

/** What is not done yet, for a person who waits. */
export interface Pending {
  readonly url: string;
  readonly waitingFor: string;
}

/** Drive it until `finished`: `complete` comes before the releases, `finished` after them and after every `close`. */
export interface GathererMachine extends Machine<GathererInput, GathererCommand, GatheringEvent> {
  readonly finished: boolean;
  readonly pending: readonly Pending[];
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
  /** TLS only, before `opened`: the TCP connection stands and the handshake begins. Divides the `connect` from the `tls` stage. */
  | { readonly type: 'connected'; readonly transport: TransportId; readonly local: SocketAddress }
  /** A socket is bound, or a connection (with its TLS handshake, judged good enough) stands. */
  | {
      readonly type: 'opened';
      readonly transport: TransportId;
      readonly local: SocketAddress;
      /** What a client that verifies would have refused, where the run goes on regardless (`--insecure`). */
      readonly tlsProblems?: readonly string[];
    }
  /**
   * It could not be opened or connected, or died; or, on a connected UDP socket, an ICMP error came: `error` is the
   * system's code (`ECONNREFUSED`, ...), `closed` where the other end closed the connection in order, or `tls` with what
   * was wrong in `detail`. The transport is gone, and needs no `close`.
   */
  | { readonly type: 'failed'; readonly transport: TransportId; readonly error: string; readonly detail?: string }
  /** On an unconnected UDP socket, which lives on: the system refused to send to that address. */
  | {
      readonly type: 'send-failed';
      readonly transport: TransportId;
      readonly to: SocketAddress;
      readonly error: string;
    }
  /** A datagram, or a chunk of a stream in any cut. */
  | {
      readonly type: 'received';
      readonly transport: TransportId;
      readonly from: SocketAddress;
      readonly bytes: Uint8Array;
    }
  /** Ends gathering now, or what is kept after it: releases every allocation, then finishes. */
  | {
      readonly type: 'stop';
      readonly why: string;
      /** Earlier than the deadline of the options: what is not given back by then is told as lost. May come with a second stop. */
      readonly by?: Instant;
    };

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
      /** Absent: the system picks one. TCP alone can choose it. */
      readonly localPort?: number;
    }
  | { readonly type: 'close'; readonly transport: TransportId };
