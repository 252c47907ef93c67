/** What counts as bad. One table, each value settable; times in milliseconds unless the name says otherwise. */
export interface Thresholds {
  /** Per cent of the datagrams through the relay. */
  readonly lossPercent: number;
  readonly rttMs: number;
  readonly jitterMs: number;
  readonly resolveMs: number;
  readonly allocateMs: number;
  /** How much longer than its slowest good server a gathering may take. */
  readonly gatheringMs: number;
  /** Until a call's data channel is open. */
  readonly connectMs: number;
  /** From a description to the first candidate of the same end. */
  readonly lateCandidateMs: number;
  readonly certificateDays: number;
  readonly credentialMinutes: number;
  readonly udpBindingSeconds: number;
  /** More ICE servers than this slow discovery. */
  readonly servers: number;
  /** Sends without an answer from which on silence is believed: fewer are within what loss explains. */
  readonly sendsForSilence: number;
  /** Bytes sent for each byte of a request that anybody can forge, with the headers of IP and UDP. */
  readonly amplificationFactor: number;
}

export const THRESHOLDS: Thresholds = {
  lossPercent: 5,
  rttMs: 300,
  jitterMs: 50,
  resolveMs: 1000,
  allocateMs: 1000,
  gatheringMs: 2000,
  connectMs: 2000,
  lateCandidateMs: 2000,
  certificateDays: 14,
  credentialMinutes: 10,
  udpBindingSeconds: 30,
  servers: 4,
  // At 20 % loss each way, four requests stay unanswered by chance once in sixty runs.
  sendsForSilence: 4,
  // coturn with all that it says by default stays just below 3.
  amplificationFactor: 4,
};
