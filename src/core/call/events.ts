import type { CandidateType } from '../ice/candidate.ts';

/** Which end of a connection: the one that offers, or the one that answers (RFC 3264). */
export type PeerRole = 'offerer' | 'answerer';

/** What every event of a call carries. `call` names the connection within the run: its path. */
interface CallStamp {
  readonly call: string;
  readonly peer: PeerRole;
}

/** A message on the signaling channel. Never the description itself: it holds the password of the ICE session. */
export interface SignalingEvent extends CallStamp {
  readonly type: 'signaling';
  readonly direction: 'sent' | 'received';
  readonly message: 'offer' | 'answer' | 'candidate' | 'end-of-candidates' | 'goodbye';
  /** The candidate-attribute, without the user name fragment; null for other messages. */
  readonly candidate: string | null;
  /** It came before the description that it belongs to, and waited. */
  readonly waited?: boolean;
  /** It was left out (of what is sent), or could not be added (of what was received), and why. */
  readonly error: string | null;
}

/**
 * A state of one of the peer connection's state machines (WebRTC 4.3), by the names of its attributes; `dtls` is that of
 * RTCDtlsTransport.
 */
export interface PeerState extends CallStamp {
  readonly type: 'peer-state';
  readonly machine: 'signaling' | 'gathering' | 'ice' | 'connection' | 'dtls' | 'call';
  readonly state: string;
  /** What carries it out, told once: `libwebrtc (@roamhq/wrtc 0.10.0)`, a browser's user agent. */
  readonly stack?: string;
  /** Why, where the state is an end. */
  readonly reason?: string;
}

/** One end of a candidate pair, as the stack's statistics name it. */
export interface PairEnd {
  readonly candidateType: CandidateType | 'unknown';
  /** null where the stack hides it, as for a candidate of which only the mDNS name is known. */
  readonly address: string | null;
  readonly port: number | null;
  readonly protocol: string;
  /** How it reaches its relay; null for all that is not relayed, and for candidates of the other end. */
  readonly relayProtocol: string | null;
}

/** A candidate pair as it stands now (RTCIceCandidatePairStats). */
export interface CandidatePairEvent extends CallStamp {
  readonly type: 'candidate-pair';
  readonly pair: CandidatePair;
}

export interface CandidatePair {
  /** The stack's name for it, of no meaning beyond the call. */
  readonly id: string;
  readonly local: PairEnd;
  readonly remote: PairEnd;
  readonly state: string;
  readonly nominated: boolean;
  readonly selected: boolean;
  readonly requestsSent: number;
  readonly responsesReceived: number;
  readonly requestsReceived: number;
  readonly responsesSent: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Of the last check or consent request, milliseconds. */
  readonly rttMs: number | null;
}

export interface DataChannelEvent extends CallStamp {
  readonly type: 'data-channel';
  readonly state: 'open' | 'closed' | 'measuring' | 'measured';
  readonly sample?: DataSample;
  readonly measurement?: DataMeasurement;
}

/** What crossed the data channel since the last sample; null for what is not measured at that time. */
export interface DataSample {
  /** The mean of the round trips that came to their end, milliseconds; null where none did. */
  readonly rttMs: number | null;
  /** Payload, bits a second. */
  readonly toAnswerer: number | null;
  readonly toOfferer: number | null;
}

/** What crossed the data channel. */
export interface DataMeasurement {
  /** Unordered messages without retransmission, each sent back by the other end. */
  readonly sent: number;
  /** How many the other end counted; null where it did not say. */
  readonly arrived: number | null;
  readonly returned: number;
  readonly rttMs: {
    readonly min: number;
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  } | null;
  /** There and back. */
  readonly lossPercent: number | null;
  /** Payload, bits a second, over a reliable channel. */
  readonly throughput: { readonly toAnswerer: number | null; readonly toOfferer: number | null };
  readonly durationMs: number;
}

export type CallEvent = SignalingEvent | PeerState | CandidatePairEvent | DataChannelEvent;
