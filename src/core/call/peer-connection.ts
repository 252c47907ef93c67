/**
 * The part of RTCPeerConnection that a call needs, by its shape: a browser's and `@roamhq/wrtc`'s fit it, and neither's
 * types are needed here. Listeners are written as methods, whose parameters TypeScript compares both ways.
 */
export interface PeerConnection {
  readonly connectionState: string;
  readonly iceConnectionState: string;
  readonly iceGatheringState: string;
  readonly signalingState: string;
  readonly localDescription: SessionDescription | null;
  onicecandidate: Listener<{ readonly candidate: IceCandidate | null }>;
  onicecandidateerror: Listener<CandidateErrorEvent>;
  onconnectionstatechange: Listener<unknown>;
  oniceconnectionstatechange: Listener<unknown>;
  onicegatheringstatechange: Listener<unknown>;
  onsignalingstatechange: Listener<unknown>;
  ondatachannel: Listener<{ readonly channel: DataChannel }>;
  createDataChannel(label: string, options?: { ordered?: boolean; maxRetransmits?: number }): DataChannel;
  createOffer(options?: { iceRestart?: boolean }): Promise<LocalDescription>;
  createAnswer(): Promise<LocalDescription>;
  setLocalDescription(description: LocalDescription): Promise<void>;
  setRemoteDescription(description: SessionDescription): Promise<void>;
  addIceCandidate(candidate: { candidate: string; sdpMid: string | null; sdpMLineIndex: number | null }): Promise<void>;
  getStats(): Promise<{ forEach(callback: (stat: unknown) => void): void }>;
  close(): void;
}

type Listener<Event> = { handle(event: Event): unknown }['handle'] | null;

export interface SessionDescription {
  readonly type: 'offer' | 'answer' | 'pranswer' | 'rollback';
  readonly sdp: string;
}

/** As the stack made it; the DOM's types let its text be absent. */
export interface LocalDescription {
  readonly type: 'offer' | 'answer' | 'pranswer' | 'rollback';
  readonly sdp?: string;
}

export interface IceCandidate {
  readonly candidate: string;
  readonly sdpMid: string | null;
  readonly sdpMLineIndex: number | null;
}

/** RTCPeerConnectionIceErrorEvent; Firefox leaves most of it out. */
export interface CandidateErrorEvent {
  readonly url?: string;
  readonly errorCode?: number;
  readonly errorText?: string;
  readonly address?: string | null;
  readonly port?: number | null;
}

export interface DataChannel {
  readonly label: string;
  readonly readyState: string;
  readonly bufferedAmount: number;
  onopen: Listener<unknown>;
  onclose: Listener<unknown>;
  onmessage: Listener<{ readonly data: unknown }>;
  send(text: string): void;
}

/** Time, as whoever runs a call has it. */
export interface CallClock {
  /** Milliseconds. */
  now(): number;
  /** Runs it once after so many milliseconds; the returned function takes that back. */
  after(ms: number, run: () => void): () => void;
}
