import type { Family, Protocol, TransportKind } from '../address.ts';

export type CandidateType = 'host' | 'srflx' | 'prflx' | 'relay';

export interface Candidate {
  /** The candidate-attribute of RFC 8839 5.1, beginning with `candidate:`. */
  readonly candidate: string;
  readonly type: CandidateType;
  readonly component: number;
  readonly foundation: string;
  readonly protocol: Protocol;
  readonly tcpType: 'active' | 'passive' | 'so' | null;
  readonly priority: number;
  readonly address: string;
  readonly port: number;
  readonly relatedAddress: string | null;
  readonly relatedPort: number | null;
  /** The server that it comes from; null for host candidates (and where a browser does not say). */
  readonly url: string | null;
  readonly relayProtocol: TransportKind | null;
  readonly ms: number;
  /** Round trip of the answer that gave it; null where there was none. */
  readonly rttMs: number | null;
  /** How many requests were sent for it; null where unknown. */
  readonly requestsSent: number | null;
  readonly interface: string | null;
}

/** In the shape of `RTCPeerConnectionIceErrorEvent`. */
export interface CandidateError {
  readonly url: string;
  /** 701: the server could not be reached; otherwise the STUN error code. */
  readonly errorCode: number;
  readonly errorText: string;
  /** The local address that was used, null where none was. */
  readonly address: string | null;
  readonly port: number | null;
  readonly family: Family | null;
  readonly ms: number;
}
