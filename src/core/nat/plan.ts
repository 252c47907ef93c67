import { type SocketAddress, sameSocketAddress } from '../address.ts';
import type { SenderRelation } from './filtering.ts';

/** Who answers, when the server is asked to answer from elsewhere. */
export interface ChangedAnswer {
  readonly sender: SenderRelation;
  readonly change: { readonly changeIp: boolean; readonly changePort: boolean };
  readonly expected: SocketAddress;
}

/**
 * The further destinations of RFC 5780 4.3 for a server that told its other address: all of them at once. The RFC goes
 * step by step to save packets; three more packets cost less than two more round trips.
 */
export function mappingDestinations(server: SocketAddress, other: SocketAddress | undefined): readonly SocketAddress[] {
  if (other === undefined || other.family !== server.family) return [];
  const candidates = [{ ...other, port: server.port }, { ...server, port: other.port }, other];
  return candidates.filter((candidate) => candidate.port !== 0 && !sameSocketAddress(candidate, server));
}

/**
 * RFC 5780 4.4, tests II (other address and port) and III (other port). With erratum 7971 four tests are enough; test I,
 * the plain request, is the control beside each.
 */
export function changedAnswers(server: SocketAddress, other: SocketAddress): readonly ChangedAnswer[] {
  const questions: ChangedAnswer[] = [];
  if (other.family !== server.family) return questions;
  if (other.address !== server.address) {
    questions.push({ sender: 'other-address', change: { changeIp: true, changePort: true }, expected: other });
  }
  if (other.port !== server.port) {
    const expected = { ...server, port: other.port };
    questions.push({ sender: 'same-address-other-port', change: { changeIp: false, changePort: true }, expected });
  }
  return questions;
}

/** How a relay stands to the one server that a socket has sent to. */
export function senderRelation(server: SocketAddress, relayed: SocketAddress): SenderRelation {
  return server.address === relayed.address ? 'same-address-other-port' : 'other-address';
}
