import type { Family, SocketAddress } from '../address.ts';
import type { TransportId } from '../machine.ts';
import type { NatTest } from './events.ts';

export interface NatDiscoveryOptions {
  readonly interface: string | null;
  readonly family: Family;
  readonly localAddress: string;
  /** Servers that answer Binding over UDP, each address once; the first that answers leads. */
  readonly servers: readonly SocketAddress[];
  /** Relays that the owner will allocate; the tests that need them wait for `relay-ready` or `relay-failed`. */
  readonly relays: number;
  /** Longest wait for the first answers before the servers count as silent. Default 3000. */
  readonly patienceMs?: number;
}

export type NatInput =
  | { readonly type: 'start' }
  | { readonly type: 'opened'; readonly transport: TransportId; readonly local: SocketAddress }
  | { readonly type: 'failed'; readonly transport: TransportId; readonly error: string }
  | {
      readonly type: 'received';
      readonly transport: TransportId;
      readonly from: SocketAddress;
      readonly bytes: Uint8Array;
    }
  /** ICMP says that nobody listens there, or that nothing gets there. */
  | { readonly type: 'refused'; readonly server: SocketAddress }
  /** An allocation of ours stands; its packets go by `relay-send` and come back by `relay-received`. */
  | { readonly type: 'relay-ready'; readonly relay: string; readonly relayed: SocketAddress }
  | { readonly type: 'relay-failed'; readonly relay: string; readonly reason: string }
  | {
      readonly type: 'relay-received';
      readonly relay: string;
      readonly from: SocketAddress;
      readonly bytes: Uint8Array;
    };

export type NatCommand =
  | {
      readonly type: 'open-udp';
      readonly transport: TransportId;
      readonly local: { readonly interface: string; readonly family: Family; readonly address: string };
    }
  | { readonly type: 'close'; readonly transport: TransportId }
  /** Sends from the relayed address to a peer; the owner installs the permission first. */
  | { readonly type: 'relay-send'; readonly relay: string; readonly to: SocketAddress; readonly bytes: Uint8Array };

export type NatEvent = NatTest | { readonly type: 'finished' };
