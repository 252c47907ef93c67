import type { PeerConnection } from './peer-connection.ts';

/** What a connection that does not come about is waiting for; `candidates`: how many there are to try. */
export function waitsFor(connection: PeerConnection, candidates: number): string {
  const { signalingState, iceConnectionState, connectionState } = connection;
  if (signalingState !== 'stable') return 'signaling: no answer came';
  if (iceConnectionState === 'connected' || iceConnectionState === 'completed') {
    return connectionState === 'connected' ? 'data channel: it did not open' : 'dtls: the handshake did not end';
  }
  return candidates === 0 ? 'ice: no candidate came' : 'ice: no candidate pair answered';
}
