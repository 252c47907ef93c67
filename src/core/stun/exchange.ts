import type { SocketAddress } from '../address.ts';
import type { FailureCause, StageData } from '../attempt.ts';
import type { Instant } from '../time.ts';
import type { StunError } from './attributes.ts';
import type { IntegrityVerdict } from './integrity.ts';
import type { StunMessage } from './message.ts';
import type { Timing } from './transaction.ts';

/** One request to be sent on a link, until it is answered or given up. */
export interface RequestSpec {
  readonly method: number;
  readonly to: SocketAddress;
  readonly timing: Timing;
  /** The message for a transaction id; retransmissions send the very same bytes (RFC 8489 6.2.1). */
  build(transactionId: Uint8Array): Uint8Array;
  /** The answer's MESSAGE-INTEGRITY, for a request that carried one. */
  verify?(message: StunMessage): IntegrityVerdict;
  /** Called once. */
  ended(result: ExchangeResult, now: Instant): void;
  /** An answer after the end: what it granted may have to be given back. */
  answeredLate?(message: StunMessage, now: Instant): void;
}

/** A request under way. */
export interface Exchange {
  readonly requestsSent: number;
  /** Stops sending and waiting without a result; an answer that still comes goes to `answeredLate`. */
  abandon(): void;
}

export interface ExchangeTimes {
  readonly startedAt: Instant;
  readonly requestsSent: number;
  /** Null where no answer came, or one after several sends: RFC 6298 3 (Karn), it cannot be told which was answered. */
  readonly rttMs: number | null;
}

export interface Answered extends ExchangeTimes {
  readonly outcome: 'success';
  readonly message: StunMessage;
}

export interface Refused extends ExchangeTimes {
  readonly outcome: 'error';
  readonly message: StunMessage;
  readonly error: StunError;
  /** `absent` where the request had none to answer. Few servers protect errors: an unprotected one is still an answer. */
  readonly integrity: IntegrityVerdict;
}

export interface Failed extends ExchangeTimes {
  readonly outcome: 'failed';
  readonly cause: FailureCause;
  readonly evidence: Evidence;
}

export type ExchangeResult = Answered | Refused | Failed;

/** What was seen beside a usable answer. */
export type Evidence = Pick<StageData, 'problem' | 'firstBytes' | 'answerFrom'>;

/** A failure before or without any answer, as evidence gives it a name. */
export interface Clue extends Evidence {
  readonly cause: FailureCause;
}

// The more an answer was nearly one, the more it tells.
const CLUE_RANK: readonly FailureCause[] = ['bad-integrity', 'malformed', 'wrong-source', 'not-stun'];

/** The one of two clues that names the failure of a request that was never answered properly. */
export function strongerClue(a: Clue | undefined, b: Clue): Clue {
  if (a === undefined) return b;
  return CLUE_RANK.indexOf(b.cause) < CLUE_RANK.indexOf(a.cause) ? b : a;
}
