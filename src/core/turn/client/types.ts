import type { Family, SocketAddress } from '../../address.ts';
import type { Stage, StageData } from '../../attempt.ts';
import type { Hashes } from '../../hashes.ts';
import type { AddressError } from '../../stun/attributes.ts';
import type { LongTermCredentials } from '../../stun/long-term.ts';
import type { Timing } from '../../stun/transaction.ts';
import type { Instant } from '../../time.ts';
import type { ProtocolEvent } from '../events.ts';

/** What is asked of the server beside an allocation as such (RFC 8656 7.1). */
export interface AllocateOptions {
  /** REQUESTED-ADDRESS-FAMILY; absent: the attribute is not sent, which asks for IPv4. */
  readonly family?: Family;
  /** ADDITIONAL-ADDRESS-FAMILY: an IPv6 address beside the IPv4 one. Excludes `family`, `evenPort`, `reservationToken`. */
  readonly additionalIPv6?: boolean;
  /** LIFETIME, in seconds. */
  readonly lifetime?: number;
  /** EVEN-PORT; `reserve-next` asks for the port above as well. */
  readonly evenPort?: 'even' | 'reserve-next';
  readonly reservationToken?: Uint8Array;
  readonly dontFragment?: boolean;
  /** REQUESTED-TRANSPORT: of the relay's side. `tcp` is RFC 6062. Default `udp`. */
  readonly transport?: 'udp' | 'tcp';
  /** An empty MOBILITY-TICKET (RFC 8016): may the allocation move with us to another address? */
  readonly mobility?: boolean;
}

export interface TurnClientOptions {
  readonly credentials?: LongTermCredentials;
  readonly hashes: Hashes;
  readonly timing: Timing;
  /** Default: {@link RELEASE_TIMING}. */
  readonly releaseTiming?: Timing;
  readonly allocate?: AllocateOptions;
  /** Renew the allocation, its permissions and channels before they expire. Default true. */
  readonly keepalive?: boolean;
}

/** Sends at 0, 0.5 and 1.5 s, given up after 2 s: nobody wants to wait long for a goodbye. */
export const RELEASE_TIMING: Timing = { rtoMs: 500, maxSends: 7, lastWaitFactor: 16, giveUpMs: 2000 };

export interface Allocation {
  readonly relayed: SocketAddress;
  /** The second address, where two families were asked for and given. */
  readonly additional: SocketAddress | null;
  /** Our address as the server sees it; null where it does not say, although it must (RFC 8656 7.3). */
  readonly mapped: SocketAddress | null;
  /** Seconds, as granted. */
  readonly lifetime: number;
  /** Why an address of the other family was not given. */
  readonly addressErrors: readonly AddressError[];
  readonly reservationToken: Uint8Array | null;
  /** The server gave a ticket for moving (RFC 8016). */
  readonly isMobile: boolean;
  /** False where the server asked for no credentials. */
  readonly authenticated: boolean;
  readonly rttMs: number | null;
  readonly requestsSent: number;
}

/** Chosen by the owner, to tell the answers to its requests apart. */
export type RequestId = string;

/**
 * How a client ends:
 *
 * - `released`: the server confirmed it
 * - `none`: there was no allocation, or none any more
 * - `unconfirmed`: the server may keep an allocation until it expires; an `allocation` event `lost` says until when
 */
export type ReleaseOutcome = 'released' | 'none' | 'unconfirmed';

/** What a client tells its owner. */
export type TurnResult =
  /** A stage has ended; `id` names the owner's request that it answers. */
  | { readonly type: 'stage'; readonly id: RequestId | null; readonly stage: Stage }
  | { readonly type: 'allocated'; readonly allocation: Allocation }
  /** There will be no allocation; the `stage` result before said why. Followed by `released`, like every other end. */
  | { readonly type: 'failed'; readonly data: StageData }
  /**
   * 300: go on with `resume` on a transport to that server, or `release`. `domain` is the name that a TLS certificate
   * must carry there (RFC 8489 10), null: the same as before.
   */
  | { readonly type: 'redirected'; readonly server: SocketAddress; readonly domain: string | null }
  /** 437: the 5-tuple is taken; go on with `resume` from another port, or `release`. */
  | { readonly type: 'mismatch' }
  /** `channel` null: by a Data indication. */
  | { readonly type: 'data'; readonly peer: SocketAddress; readonly channel: number | null; readonly bytes: Uint8Array }
  /** An ICMP message came back to the relayed address (RFC 8656 11.6). */
  | { readonly type: 'icmp'; readonly peer: SocketAddress; readonly icmpType: number; readonly icmpCode: number }
  /** RFC 6062 5.4: a peer has connected to the relayed address. */
  | { readonly type: 'connection-attempt'; readonly peer: SocketAddress; readonly connectionId: number }
  /** The allocation is gone though nobody released it. */
  | { readonly type: 'lost'; readonly data: StageData }
  /** Last. */
  | { readonly type: 'released'; readonly outcome: ReleaseOutcome };

export interface TurnClientOwner {
  event(event: ProtocolEvent): void;
  result(result: TurnResult, now: Instant): void;
}
