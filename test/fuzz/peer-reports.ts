import type { PeerReport } from '../../src/core/call/remote.ts';

const STAMP = { call: 'any', peer: 'offerer' } as const;
const END = { candidateType: 'host', address: '192.0.2.1', port: 5, protocol: 'udp', relayProtocol: null } as const;

/** One of each kind that a browser tells of its part in a call. */
export const PEER_REPORTS: readonly PeerReport[] = [
  { type: 'ready', stack: 'Mozilla/5.0' },
  { type: 'ended', end: { outcome: 'measured', reason: '' } },
  { type: 'message', message: { type: 'goodbye', reason: 'done', connection: 'any' } },
  { type: 'event', at: 3.5, event: { type: 'peer-state', ...STAMP, machine: 'ice', state: 'connected' } },
  {
    type: 'event',
    at: 4,
    event: { type: 'signaling', ...STAMP, direction: 'sent', message: 'offer', candidate: null, error: null },
  },
  {
    type: 'event',
    at: 5,
    event: {
      type: 'candidate-pair',
      ...STAMP,
      pair: {
        ...{ id: 'p', local: END, remote: END, state: 'succeeded', nominated: true, selected: true, rttMs: 1 },
        ...{ requestsSent: 1, responsesReceived: 1, requestsReceived: 1, responsesSent: 1 },
        ...{ bytesSent: 1, bytesReceived: 1 },
      },
    },
  },
  {
    type: 'event',
    at: 6,
    event: {
      type: 'data-channel',
      ...STAMP,
      state: 'measuring',
      sample: { rttMs: 1, toAnswerer: null, toOfferer: null },
    },
  },
];
