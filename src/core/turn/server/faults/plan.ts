import type { SocketAddress } from '../../../address.ts';
import type { Lifetimes, PortRange } from '../settings.ts';

/** What a server shall do wrong, read from specifications like `allocate:486` by `parseFaults`. */
export interface FaultPlan {
  readonly requests: readonly RequestFault[];
  readonly data: readonly DataFault[];
  readonly legs: readonly LegFault[];
  /** Seconds, in the place of the server's own. */
  readonly lifetimes: Partial<Lifetimes>;
  /** Each nonce serves one request. */
  readonly nonceOnce: boolean;
  /** Who sends no credentials gets in all the same. */
  readonly openRelay: boolean;
  readonly redirect: SocketAddress | undefined;
  /** Seconds after which an allocation is forgotten, as by a restart. */
  readonly allocationLost: number | undefined;
  /** Seconds without a byte after which a stream is closed, as by a load balancer. */
  readonly streamIdle: number | undefined;
  /** For whoever has the sockets; the machine does not look at them. */
  readonly sockets: readonly SocketFault[];
}

export const NO_FAULTS: FaultPlan = {
  requests: [],
  data: [],
  legs: [],
  lifetimes: {},
  nonceOnce: false,
  openRelay: false,
  redirect: undefined,
  allocationLost: undefined,
  streamIdle: undefined,
  sockets: [],
};

/** Of those that a fault is about, counted from 1: which it strikes. */
export interface Which {
  readonly first: number;
  readonly last: number;
  /** 0 to 1. */
  readonly chance: number;
}

export interface RequestFault {
  readonly method: number | 'any';
  readonly which: Which;
  readonly effect: RequestEffect;
}

export type RequestEffect =
  /** `atOnce`: without asking for credentials first. */
  | { readonly kind: 'refuse'; readonly code: number; readonly atOnce: boolean }
  | { readonly kind: 'silent' }
  | { readonly kind: 'close' }
  | { readonly kind: 'answer'; readonly tweaks: Tweaks };

/** What is done to an answer on its way out. */
export interface Tweaks {
  readonly integrity?: 'wrong' | 'none';
  readonly fingerprint?: 'wrong';
  readonly realm?: 'empty' | 'none';
  readonly nonce?: 'none';
  readonly mapped?: AddressTweak | 'none';
  readonly relayed?: AddressTweak;
  /** Seconds, in LIFETIME. */
  readonly lifetime?: number;
  readonly unknownAttribute?: boolean;
  readonly transactionId?: 'wrong';
  /** The bytes, once they are complete. */
  readonly bytes?: 'garbage' | 'http' | 'malformed' | 'truncated';
  readonly twice?: boolean;
  readonly delayMs?: number;
  /** Sent from another port, or another address, than was asked. */
  readonly from?: 'port' | { readonly address: string };
}

/** An address in the place of the right one; without a port, with the right port. */
export interface AddressTweak {
  readonly address: string;
  readonly port: number | undefined;
}

export type Direction = 'to-peer' | 'to-client';

/** Strikes relayed data that meets every condition. */
export interface DataFault {
  readonly effect: 'drop' | 'corrupt' | { readonly kilobitsPerSecond: number };
  readonly direction: Direction | undefined;
  readonly carriedBy: 'channel' | 'indication' | undefined;
  /** Payload in bytes. */
  readonly longerThan: number | undefined;
  readonly relayPorts: PortRange | undefined;
  readonly peerPorts: PortRange | undefined;
  /** Only until the client has sent something to that peer, as a stateful firewall before the relay. */
  readonly unsolicited: boolean;
  readonly which: Which;
}

/** The way between client and server, for everything that goes there. */
export interface LegFault {
  readonly direction: 'in' | 'out' | undefined;
  /** 0 to 1, over UDP; a stream loses nothing, it only waits. */
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly delayMs: number;
  readonly jitterMs: number;
}

export type SocketFault =
  | { readonly kind: 'certificate'; readonly certificate: CertificateFault }
  | {
      readonly kind: 'transport';
      readonly transport: 'udp' | 'tcp' | 'tls';
      readonly state: 'off' | 'silent' | 'swapped';
    };

export const CERTIFICATE_FAULTS = [
  'self-signed',
  'expired',
  'not-yet-valid',
  'expires-soon',
  'wrong-name',
  'missing-intermediate',
  'old-version',
  'old-versions-too',
] as const;

export type CertificateFault = (typeof CERTIFICATE_FAULTS)[number];
