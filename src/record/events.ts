import type { Family, TransportKind } from '../core/address.ts';
import type { StageEnded } from '../core/attempt.ts';
import type { CallEvent } from '../core/call/events.ts';
import type { CandidateFailed, CandidateFound, CandidateOmitted, GatheringStateChanged } from '../core/ice/events.ts';
import type { NatTest } from '../core/nat/events.ts';
import type {
  AllocationChanged,
  ChannelChanged,
  Ignored,
  PermissionChanged,
  TransactionEnded,
  TransportStamp,
} from '../core/turn/events.ts';
import type { PeerMet } from './peer.ts';
import type {
  NetworkInterface,
  ReportedConfiguration,
  TlsCertificate,
  TlsProblem,
  Tool,
  Vantage,
  Verdict,
} from './report.ts';

/** What every event has. `ms` counts from the start of the run; `seq` from 1, without gaps. */
export interface EventStamp {
  readonly seq: number;
  readonly ms: number;
  readonly vantage: Vantage;
}

/** Everything that a run sees. A report is a fold of these, and nothing else goes into it. */
export type RunEvent = EventStamp & EventBody;

/** An event before the recorder stamped it. */
export type EventBody =
  | RunStarted
  | RunFinished
  | InterfaceSeen
  | ResolversSeen
  | NameResolved
  | GatheringStateChanged
  | CandidateFound
  | CandidateOmitted
  | CandidateFailed
  | TransportOpened
  | TransportFailed
  | TransportClosed
  | TlsHandshake
  | StunSent
  | StunReceived
  | Ignored
  | TransactionEnded
  | AllocationChanged
  | PermissionChanged
  | ChannelChanged
  | RelayData
  | StageEnded
  | NatTest
  | CallEvent
  | PeerMet
  | Progress
  | Note;

export type EventType = EventBody['type'];

export interface RunStarted {
  readonly type: 'run-started';
  readonly command: string;
  readonly tool: Tool;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly configuration: ReportedConfiguration;
  readonly deadlineMs: number;
}

export interface RunFinished {
  readonly type: 'run-finished';
  readonly verdict: Verdict;
  readonly exitCode: number;
}

export interface InterfaceSeen extends NetworkInterface {
  readonly type: 'interface';
}

/** What else the machine says of its network: the resolvers asked, a proxy from the environment (without credentials). */
export interface ResolversSeen {
  readonly type: 'resolvers';
  readonly resolvers: readonly string[];
  readonly proxy: string | null;
}

export interface NameResolved {
  readonly type: 'resolve';
  /** The URLs that need the name. */
  readonly urls: readonly string[];
  readonly host: string;
  /** null where one answer covers both. */
  readonly family: Family | null;
  readonly addresses: readonly string[];
  readonly source: 'literal' | 'hosts' | 'dns' | 'srv';
  /** Set where one resolver was asked by name, to compare. */
  readonly resolver?: string;
  readonly error: ResolveErrorCode | null;
  /** The resolver's own word, e.g. `ENOTFOUND`. */
  readonly errorText: string | null;
  readonly durationMs: number;
}

/** `not-found`: no such name. `no-data`: the name exists, not in this family. */
export type ResolveErrorCode = 'not-found' | 'no-data' | 'refused' | 'server-failure' | 'timeout' | 'other';

export interface TransportOpened extends TransportStamp {
  readonly type: 'transport-open';
  readonly kind: TransportKind;
  readonly local: string;
  /** null for an unconnected UDP socket. */
  readonly remote: string | null;
  readonly durationMs: number;
}

export interface TransportFailed extends TransportStamp {
  readonly type: 'transport-failed';
  readonly kind: TransportKind;
  readonly local: string | null;
  readonly remote: string | null;
  /** The system's word: `ECONNREFUSED`, `EHOSTUNREACH`, `ETIMEDOUT`. */
  readonly error: string;
  readonly durationMs: number;
}

export interface TransportClosed extends TransportStamp {
  readonly type: 'transport-closed';
  /** `us`, `peer`, or the system's error code. */
  readonly by: string;
  readonly durationMs: number;
}

export interface TlsHandshake extends TransportStamp {
  readonly type: 'tls';
  readonly protocol: string | null;
  readonly cipher: string | null;
  readonly alpn: string | null;
  readonly servername: string | null;
  readonly chain: readonly TlsCertificate[];
  readonly problems: readonly TlsProblem[];
  readonly durationMs: number;
}

interface StunPacket extends TransportStamp {
  readonly class: 'request' | 'indication' | 'success' | 'error';
  readonly method: string;
  /** 24 hex digits. */
  readonly transactionId: string;
  /** By name, in order of appearance; no secret and no guessable set (USERNAME, REALM and MESSAGE-INTEGRITY together). */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Bytes of the message. */
  readonly length: number;
}

export interface StunSent extends StunPacket {
  readonly type: 'stun-sent';
  readonly to: string;
  /** 1 for the first send of a request. */
  readonly attempt: number;
}

export interface StunReceived extends StunPacket {
  readonly type: 'stun-received';
  readonly from: string;
}

/** A burst, never a packet. */
export interface RelayData {
  readonly type: 'relay-data';
  readonly attempt: string;
  readonly direction: 'peer-first' | 'relay-to-peer' | 'peer-after-relay';
  readonly sent: number;
  readonly received: number;
  readonly roundTripsMs: readonly number[];
  /** Bytes of payload. */
  readonly size: number;
  /** How many arrived before the first that did not: loss strikes anywhere, a limit after so many. */
  readonly leading?: number;
  /**
   * Set where the burst asks another question than "does it cross, and how well": such a burst does not count towards
   * loss and jitter.
   */
  readonly purpose?:
    | 'size'
    | 'rate'
    | 'idle'
    | 'port'
    | 'channel'
    | 'after-refresh'
    | 'feature'
    | 'soak'
    | 'superseded';
  readonly [key: string]: unknown;
}

/** What is being waited for, for a person in front of a terminal. */
export interface Progress {
  readonly type: 'progress';
  readonly text: string;
}

/** A remark of the tool about itself. */
export interface Note {
  readonly type: 'note';
  readonly text: string;
}
