import type { Family, TransportKind } from './address.ts';

export type StageName =
  | 'resolve'
  | 'connect'
  | 'tls'
  | 'binding'
  | 'challenge'
  | 'allocate'
  | 'permission'
  | 'relay-data'
  | 'channel'
  | 'refresh'
  | 'release'
  /** Beyond the ladder, where asked for: a connection from the relay to a peer (RFC 6062), `--audit`, `--deep`, `--soak`, `--peer`. */
  | 'peer-connect'
  | 'audit'
  | 'deep'
  | 'rate'
  | 'soak'
  | 'witness';

export type StageStatus = 'pass' | 'fail' | 'warn' | 'skip' | 'unknown';

export interface Stage {
  readonly stage: StageName;
  readonly status: StageStatus;
  /** How long the stage took. */
  readonly ms: number;
  /** For a person; may change between versions. */
  readonly detail: string;
  /** For rules and scripts. */
  readonly data: StageData;
}

/**
 * How a stage failed, as far as the socket and the protocol tell; the rules make causes of it.
 *
 * - `timeout`: nothing came back on the whole schedule
 * - `refused`, `unreachable`, `reset`, `closed`: said by ICMP, the local stack or TCP
 * - `stun-error`: an error response, with `errorCode` and `reason`
 * - `bad-integrity`: a success whose MESSAGE-INTEGRITY is wrong or missing
 * - `not-stun`: an answer that is no STUN, its first bytes in `firstBytes`
 * - `malformed`: STUN that cannot be used, what and where in `problem`
 * - `wrong-source`: an answer, but from another address or port, in `answerFrom`
 * - `tls`: judged or failed handshake, `problem` names it
 * - `dns-not-found`, `dns-failed`, `dns-timeout`: from the resolver
 * - `local`: no socket could be opened or bound here
 * - `not-run`: the deadline or an abort came first
 */
export type FailureCause =
  | 'timeout'
  | 'refused'
  | 'unreachable'
  | 'reset'
  | 'closed'
  | 'stun-error'
  | 'bad-integrity'
  | 'not-stun'
  | 'malformed'
  | 'wrong-source'
  | 'redirect-loop'
  | 'unsupported'
  | 'tls'
  | 'dns-not-found'
  | 'dns-failed'
  | 'dns-timeout'
  | 'local'
  | 'not-run';

export interface StageData {
  readonly cause?: FailureCause;
  readonly errorCode?: number;
  readonly reason?: string;
  readonly problem?: string;
  readonly firstBytes?: string;
  readonly answerFrom?: string;
  readonly requestsSent?: number;
  readonly rttMs?: number;
  /** The system's own code, e.g. `EHOSTUNREACH`. */
  readonly systemError?: string;
  readonly mappedAddress?: string;
  /** MAPPED-ADDRESS, which should say the same; where it differs, something on the path rewrites addresses. */
  readonly plainMappedAddress?: string;
  readonly relayedAddress?: string;
  readonly software?: string;
  /** Empty where the server sent an empty one. */
  readonly realm?: string;
  /** Some servers put their clock into it. */
  readonly nonce?: string;
  /** Why a challenge could not be answered: `missing-realm`, `missing-nonce`, `nonce-loop`, `rejected`, ... */
  readonly refusal?: string;
  /** How many nonces the server called stale (438) in one transaction. */
  readonly staleNonces?: number;
  /** Where a 300 sends us. */
  readonly alternateServer?: string;
  /** Over UDP: a second socket of ours was answered where the first was not. */
  readonly answeredAnotherPort?: boolean;
  /** The server's clock, where its nonce or a Date tells it; seconds since 1970. */
  readonly serverTime?: number;
  /** Seconds. */
  readonly lifetime?: number;
  /** True once a request with MESSAGE-INTEGRITY and a fresh nonce was sent. */
  readonly authenticated?: boolean;
  /** Of `permission`: each address that a permission was asked for. */
  readonly permissions?: readonly PermissionAsked[];
  /** Of `peer-connect`: CONNECTION-ID. */
  readonly connectionId?: number;
  /** Of `deep`: what a server may or may not do beyond what a call needs. */
  readonly features?: readonly RelayFeature[];
  /** Of `rate`: kilobits a second, there and back. */
  readonly rate?: { readonly offeredKbps: number; readonly deliveredKbps: number };
  /** Of `soak`. */
  readonly soak?: SoakResult;
  /** Of `audit`. Its permissions stand in `permissions`. */
  readonly audit?: AuditResult;
  /** Of `relay-data`: how the proof was made, and what it showed beyond the bursts in the `relay-data` events. */
  readonly relay?: RelayProof;
  /** Of `witness`. */
  readonly outside?: OutsideWitness;
  /** Of `channel`: ChannelData sent through the channel and received by the peer. */
  readonly channelData?: { readonly sent: number; readonly received: number };
  /** Of `tls` that was reset: whether the same address takes a TLS handshake that looks like a browser's to a web server. */
  readonly webHandshake?: 'pass' | 'reset' | 'fail';
  /** Beside it: what became of a connection on which noise was sent in place of a handshake. */
  readonly noise?: 'reset' | 'kept' | 'no-connection';
  readonly [key: string]: unknown;
}

/** What a server says to a permission for one peer, and whose address that is. */
export interface PermissionAsked {
  /** Address and port. */
  readonly peer: string;
  /**
   * - `own`: our address as the server sees it
   * - `server`: the server's own address, or one that it relays from
   * - `private`, `loopback`, `link-local`, `metadata`: what a relay on the internet should refuse; asked with `--audit` only
   */
  readonly kind: 'own' | 'server' | 'private' | 'loopback' | 'link-local' | 'metadata' | 'other';
  readonly granted: boolean;
  readonly errorCode?: number;
  /** A listener of ours on that address was reached through the relay. */
  readonly reached?: boolean;
}

/** An allocation in use for as long as a long call. */
export interface SoakResult {
  /** How long it went on. */
  readonly seconds: number;
  /** Packets that went through the relay, and those whose echo came back through it. */
  readonly sent: number;
  readonly received: number;
  /** How often each was renewed: a soak that is longer than a lifetime shows that the relay outlives it. */
  readonly renewals: Readonly<Record<'allocation' | 'permission' | 'channel' | 'nonce', number>>;
  /** Of the allocation, as granted. */
  readonly lifetimeSeconds: number;
  /** Absent where data crossed to the end. */
  readonly end?: SoakEnd;
  /** Over TCP and TLS: seconds without traffic after which the way to the server still worked, or did not. */
  readonly idle?: { readonly seconds: number; readonly alive: boolean };
}

export interface SoakEnd {
  /**
   * What had ended when data did. `permission`: asked for again, it brought the data back. `allocation`: the server no longer
   * knew it, or would not renew it. `channel`: Send indications still crossed. `connection`: to the server. `path`: none of
   * these, data alone.
   */
  readonly what: 'allocation' | 'permission' | 'channel' | 'connection' | 'path';
  readonly afterSeconds: number;
  readonly detail: string;
}

export interface RelayFeature {
  /**
   * `tcp-allocation`: RFC 6062. `both-families`: ADDITIONAL-ADDRESS-FAMILY. `dont-fragment`, `even-port`: RFC 8656 18.9 and
   * 18.6. `mobility`: RFC 8016.
   */
  readonly feature: 'tcp-allocation' | 'both-families' | 'dont-fragment' | 'even-port' | 'mobility';
  /** As the server says; null where it could not be asked, for a reason in `detail`. */
  readonly supported: boolean | null;
  /** Whether it does what was granted; absent where that was not tried, or is not determined. */
  readonly works?: boolean;
  readonly errorCode?: number;
  readonly detail: string;
}

/** What a server tells and does for anybody; asked of servers whose owner wants to know. */
export interface AuditResult {
  /** What the server calls itself, null where it does not say. */
  readonly software: string | null;
  /** The largest answer to one request without credentials; absent where the transport is no UDP, or nothing answered. */
  readonly amplification?: Amplification;
  /** Versions of TLS that it shakes hands with; absent where the transport is no TLS. */
  readonly tlsVersions?: readonly string[];
}

/** Bytes count with the headers of IP and UDP: what somebody pays who forges our address, and what we would get. */
export interface Amplification {
  readonly method: 'Binding' | 'Allocate';
  readonly requestBytes: number;
  readonly answers: number;
  readonly answerBytes: number;
  readonly factor: number;
}

export interface RelayProof {
  /**
   * Who the peer was. `second-socket`: another socket of ours, behind the same NAT as the client. `outside`: somebody at
   * another place. `relay`: another allocation on a server, which proves less, since a server may turn its own external
   * address back inside.
   */
  readonly witness: 'second-socket' | 'outside' | 'relay';
  /** Where the peer saw the relayed packets come from. */
  readonly egressAddress?: string;
  /** For each relayed port that was tried: what crossed in both directions after the relay had spoken first. */
  readonly ports?: readonly RelayPortTried[];
  /** Between two allocations of the server: `pass` where nothing crossed to our own socket and this did. */
  readonly betweenRelays?: 'pass' | 'fail';
  /** Why silence would prove nothing: what of our own may drop the packets. */
  readonly doubt?: 'own-egress' | 'own-nat';
  /** For each size of payload, in bytes. */
  readonly sizes?: readonly { readonly size: number; readonly sent: number; readonly received: number }[];
  /** The same packets between our own two sockets without the relay: shows that our egress lets them pass. */
  readonly control?: 'pass' | 'fail';
}

/** What crossed a relay of ours to and from somebody at another place (`--peer`). */
export interface OutsideWitness {
  readonly relayedAddress: string;
  /** Packets; `peer-after-relay` is asked only of a relay whose own packets came through. */
  readonly directions: readonly {
    readonly direction: 'peer-first' | 'relay-to-peer' | 'peer-after-relay';
    readonly sent: number;
    readonly received: number;
  }[];
  /** Where the relay's packets came from. */
  readonly egressAddress: string | null;
  /** Packets of the other end reached us somewhere: its own way out is open. */
  readonly isHeard: boolean;
}

/** The end of a stage of an attempt. `attempt` null: a stage of the URL before any address was known (`resolve`). */
export interface StageEnded extends Omit<Stage, 'ms'> {
  readonly type: 'stage';
  /** How long the stage took; the event's own `ms` is the instant at which it ended. */
  readonly durationMs: number;
  readonly url: string;
  readonly attempt: AttemptKey | null;
  /** The transport whose packets are the stage's evidence. */
  readonly transport: string | null;
  /**
   * Set where nobody asked for this URL: it was tried to tell two causes apart, and this says which. Such a server stands
   * in the report, marked, and its failure fails nothing.
   */
  readonly control?: string;
}

/** What tells one attempt of a URL from another. */
export interface AttemptKey {
  readonly id: string;
  readonly family: Family;
  readonly address: string;
  readonly port: number;
  readonly transport: TransportKind;
  readonly interface: string | null;
  readonly localAddress: string | null;
}

export interface RelayPortTried {
  readonly port: number;
  readonly sent: number;
  readonly received: number;
  /** What the peer sent to it before it ever sent to the peer. */
  readonly peerFirst?: { readonly sent: number; readonly received: number };
}
