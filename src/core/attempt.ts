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
  | 'release';

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
  readonly mappedAddress?: string;
  readonly relayedAddress?: string;
  readonly software?: string;
  readonly realm?: string;
  /** The server's clock, where its nonce or a Date tells it; seconds since 1970. */
  readonly serverTime?: number;
  /** Seconds. */
  readonly lifetime?: number;
  /** True once a request with MESSAGE-INTEGRITY and a fresh nonce was sent. */
  readonly authenticated?: boolean;
  readonly [key: string]: unknown;
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
