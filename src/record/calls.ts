import type { CandidatePair, DataMeasurement, DataSample, PeerRole, PeerState } from '../core/call/events.ts';

/** One connection of a call: real WebRTC implementations at both ends, or at ours. */
export interface Call {
  /** Which kinds of candidates it was made with: `any`, `host`, `srflx`, `relay`, `relay/udp`, ... */
  readonly path: string;
  /**
   * `connected`: a data channel opened. `failed`: it did not come about. `lost`: it opened and was lost. `no-candidates`: neither
   * end has a candidate of that kind, without any error. `crashed`: a WebRTC implementation did. `not-determined`: the run
   * ended before.
   */
  readonly outcome: 'connected' | 'failed' | 'lost' | 'no-candidates' | 'crashed' | 'not-determined';
  /** In words, where it is not `connected`. */
  readonly reason: string | null;
  /** Milliseconds of the run at which it began. */
  readonly startedMs: number;
  /** Milliseconds from then on; null for what never came. As our offering end saw it, or the answering one. */
  readonly timing: CallTiming;
  /** The pair that carries the data, as our end sees it. */
  readonly selected: CandidatePair | null;
  readonly data: DataMeasurement | null;
  /** How that went on. Absent where it was never measured. */
  readonly samples?: readonly CallSample[];
  /** The ends that were ours to look into. */
  readonly peers: readonly CallPeer[];
}

export interface CallSample extends DataSample {
  /** Milliseconds since the connection began. */
  readonly ms: number;
}

export interface CallTiming {
  /** The first candidate that was told. */
  readonly candidateMs: number | null;
  readonly offerMs: number | null;
  readonly answerMs: number | null;
  readonly iceMs: number | null;
  readonly dtlsMs: number | null;
  readonly connectedMs: number | null;
  readonly channelMs: number | null;
}

export interface CallPeer {
  readonly peer: PeerRole;
  readonly stack: string;
  readonly states: readonly { readonly machine: PeerState['machine']; readonly state: string; readonly ms: number }[];
  readonly candidates: readonly CallCandidate[];
  /** Servers that gave nothing, in the stack's words. */
  readonly errors: readonly string[];
  readonly pairs: readonly CandidatePair[];
  /** How often ICE was begun anew. */
  readonly restarts: number;
}

export interface CallCandidate {
  readonly direction: 'sent' | 'received';
  readonly candidate: string;
  readonly ms: number;
  /** Why it was left out, or could not be added. */
  readonly error: string | null;
  readonly waited: boolean;
}
