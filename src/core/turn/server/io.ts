import type { Family, Protocol, SocketAddress, TransportKind } from '../../address.ts';
import type { TransportId } from '../../machine.ts';
import type { AllocationSnapshot } from './allocation.ts';
import type { FaultPlan } from './faults/plan.ts';

/** What the server is told: by its sockets, and by whoever runs it. */
export type TurnServerInput =
  | ListenerOpened
  | StreamOpened
  | { readonly type: 'listener-closed'; readonly transport: TransportId }
  | { readonly type: 'stream-closed'; readonly transport: TransportId }
  /** A datagram to a listener, or the next bytes of a stream. */
  | {
      readonly type: 'received';
      readonly transport: TransportId;
      readonly from: SocketAddress;
      readonly bytes: Uint8Array;
    }
  /** The answers to `bind-relay`. */
  | { readonly type: 'relay-bound'; readonly relay: TransportId }
  | { readonly type: 'relay-failed'; readonly relay: TransportId; readonly code: string }
  /** A datagram to a relayed transport address. */
  | {
      readonly type: 'relay-received';
      readonly relay: TransportId;
      readonly from: SocketAddress;
      readonly bytes: Uint8Array;
    }
  /** The answers to `connect-peer`; afterwards `connection-closed`, when either end closed it. */
  | { readonly type: 'connection-opened'; readonly connection: TransportId }
  | { readonly type: 'connection-closed'; readonly connection: TransportId; readonly why: string }
  /** A peer connected to a relayed TCP address. The name is the driver's, unlike any that the machine gives. */
  | {
      readonly type: 'connection-accepted';
      readonly connection: TransportId;
      readonly relay: TransportId;
      readonly from: SocketAddress;
    }
  /** What shall go wrong from now on, in the place of what was said before. */
  | { readonly type: 'set-faults'; readonly plan: FaultPlan; readonly seed: number }
  /** Ends one allocation as if it had expired; no answer goes to the client. */
  | { readonly type: 'drop-allocation'; readonly allocation: number }
  /** Ends everything; afterwards only what was queued comes out. */
  | { readonly type: 'close' };

/** A UDP socket that clients send to. */
export interface ListenerOpened {
  readonly type: 'listener-opened';
  readonly transport: TransportId;
  readonly local: SocketAddress;
}

/** A client's TCP or TLS connection. */
export interface StreamOpened {
  readonly type: 'stream-opened';
  readonly transport: TransportId;
  readonly protocol: Exclude<TransportKind, 'udp'>;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
}

/** What the server wants done with sockets. */
export type TurnServerCommand =
  /** Open a relayed transport address on exactly this address and port; answered by `relay-bound` or `relay-failed`. */
  | {
      readonly type: 'bind-relay';
      readonly relay: TransportId;
      readonly protocol: Protocol;
      readonly family: Family;
      readonly address: string;
      readonly port: number;
    }
  | { readonly type: 'close-relay'; readonly relay: TransportId }
  | { readonly type: 'close-stream'; readonly transport: TransportId; readonly why: string }
  /** Connect from a relayed TCP address to a peer (RFC 6062 5.2); keep what the peer sends until `join`. */
  | {
      readonly type: 'connect-peer';
      readonly connection: TransportId;
      readonly relay: TransportId;
      readonly to: SocketAddress;
    }
  /** Also the client's stream that was joined to it. */
  | { readonly type: 'close-connection'; readonly connection: TransportId }
  /** Make a client's stream and a peer's connection one, once what was sent to the stream before is out. */
  | { readonly type: 'join'; readonly stream: TransportId; readonly connection: TransportId };

/** What the server tells about itself: the lines of its log. Data packets are counted, never told one by one. */
export type TurnServerEvent =
  | { readonly type: 'allocation-created'; readonly allocation: AllocationSnapshot }
  | { readonly type: 'allocation-refreshed'; readonly allocation: AllocationSnapshot; readonly lifetime: number }
  | {
      readonly type: 'allocation-ended';
      readonly allocation: AllocationSnapshot;
      readonly reason: AllocationEnd;
    }
  | {
      readonly type: 'permission';
      readonly change: 'created' | 'refreshed' | 'expired';
      readonly allocation: number;
      readonly peer: string;
    }
  | {
      readonly type: 'channel';
      readonly change: 'bound' | 'refreshed' | 'expired';
      readonly allocation: number;
      readonly channel: number;
      readonly peer: SocketAddress;
    }
  /** A request was refused: what the client was told, and what the server knows beyond that. */
  | {
      readonly type: 'rejected';
      readonly client: SocketAddress;
      readonly transport: TransportKind;
      readonly method: string;
      readonly code: number;
      readonly reason: string;
      /** The challenge of the long-term mechanism is no fault (RFC 8489 9.2.4). */
      readonly challenge: boolean;
    }
  /** Bytes that were of no use. Relayed data that is refused is told once for each cause and allocation, then counted. */
  | {
      readonly type: 'ignored';
      readonly from: SocketAddress;
      readonly reason: IgnoredReason;
      readonly detail: string;
      readonly length: number;
    }
  | { readonly type: 'binding'; readonly client: SocketAddress; readonly transport: TransportKind }
  | { readonly type: 'stream-closed'; readonly client: SocketAddress; readonly why: string };

export type AllocationEnd = 'released' | 'expired' | 'connection-closed' | 'dropped' | 'relay-lost' | 'server-closed';

export type IgnoredReason =
  | 'not-stun'
  | 'malformed'
  | 'bad-fingerprint'
  | 'unexpected-class'
  | 'unknown-method'
  | 'unknown-transport'
  | 'no-allocation'
  | 'no-channel'
  | 'no-permission'
  | 'forbidden-peer'
  | 'wrong-family'
  | 'retransmission'
  /** A fault that was asked for. */
  | 'fault';
