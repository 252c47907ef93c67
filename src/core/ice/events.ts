import type { StageEnded } from '../attempt.ts';
import type { ProtocolEvent } from '../turn/events.ts';
import type { Candidate, CandidateError } from './candidate.ts';

export type GatheringStateName = 'new' | 'gathering' | 'complete';

/** Gatherings are told apart by `url`: null for the one of all servers together. */
export interface GatheringStateChanged {
  readonly type: 'gathering-state';
  readonly url: string | null;
  readonly state: GatheringStateName;
  readonly userAgent?: string;
}

export interface CandidateFound {
  readonly type: 'candidate';
  readonly gathering: string | null;
  /** Without its `ms`, which is the event's. */
  readonly candidate: Omit<Candidate, 'ms'>;
}

export interface CandidateOmitted {
  readonly type: 'candidate-omitted';
  readonly gathering: string | null;
  readonly candidate: string;
  readonly reason: string;
}

export interface CandidateFailed extends Omit<CandidateError, 'ms'> {
  readonly type: 'candidate-error';
  readonly gathering: string | null;
}

/** All that a gatherer tells. */
export type GatheringEvent =
  | GatheringStateChanged
  | CandidateFound
  | CandidateOmitted
  | CandidateFailed
  | StageEnded
  | ProtocolEvent;
