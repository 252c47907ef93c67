import type { CandidateType } from '../ice/candidate.ts';
import type { CandidatePair, PairEnd } from './events.ts';
import { type Bridges, givenUrl } from './path.ts';

/** What getStats tells of the transport of a connection with one data channel. */
export interface TransportStats {
  readonly pairs: readonly CandidatePair[];
  /** RTCDtlsTransportState, null where the stack does not say. */
  readonly dtlsState: string | null;
}

type Stat = Readonly<Record<string, unknown>>;

/** More pairs than two machines of ten addresses each can make; what is beyond is no call but an attack. */
const MOST_PAIRS = 400;

/** Reads a statistics report; what is missing or of another form is null or 0. */
export function readStats(
  report: { forEach(callback: (stat: unknown) => void): void },
  bridges: Bridges = {},
): TransportStats {
  const stats: Stat[] = [];
  report.forEach((stat) => {
    if (typeof stat === 'object' && stat !== null) stats.push(stat as Stat);
  });
  const byId = new Map(stats.map((stat) => [stat['id'], stat]));
  const transport = stats.find((stat) => stat['type'] === 'transport');
  const selected = transport?.['selectedCandidatePairId'];
  const pairs = stats
    .filter((stat) => stat['type'] === 'candidate-pair')
    .slice(0, MOST_PAIRS)
    .map((stat) => readPair(stat, byId, selected, bridges));
  return { pairs, dtlsState: textOf(transport?.['dtlsState']) };
}

function readPair(stat: Stat, byId: ReadonlyMap<unknown, Stat>, selected: unknown, bridges: Bridges): CandidatePair {
  return {
    id: textOf(stat['id']) ?? '',
    local: readEnd(byId.get(stat['localCandidateId']), bridges),
    remote: readEnd(byId.get(stat['remoteCandidateId']), bridges),
    state: stateOf(stat),
    nominated: stat['nominated'] === true,
    // Firefox has no transport statistics in all versions, and marks the pair itself.
    selected: selected === undefined ? stat['selected'] === true : stat['id'] === selected,
    requestsSent: countOf(stat['requestsSent']) + countOf(stat['consentRequestsSent']),
    responsesReceived: countOf(stat['responsesReceived']),
    requestsReceived: countOf(stat['requestsReceived']),
    responsesSent: countOf(stat['responsesSent']),
    bytesSent: countOf(stat['bytesSent']),
    bytesReceived: countOf(stat['bytesReceived']),
    rttMs: typeof stat['currentRoundTripTime'] === 'number' ? stat['currentRoundTripTime'] * 1000 : null,
  };
}

/**
 * libwebrtc says 'in-progress' whenever a check is on its way, also the later ones of a pair that has succeeded, which keep
 * consent fresh (RFC 7675) and change nothing about it (RFC 8445 6.1.2.6).
 */
function stateOf(stat: Stat): string {
  const state = textOf(stat['state']) ?? 'unknown';
  return state === 'in-progress' && countOf(stat['responsesReceived']) > 0 ? 'succeeded' : state;
}

const TYPES: readonly CandidateType[] = ['host', 'srflx', 'prflx', 'relay'];

function readEnd(stat: Stat | undefined, bridges: Bridges): PairEnd {
  const type = stat?.['candidateType'];
  const candidateType = TYPES.find((known) => known === type) ?? 'unknown';
  const url = textOf(stat?.['url']) ?? '';
  // What the stack takes for TCP to the bridge is TLS to the server.
  const relayProtocol = givenUrl(url, bridges) === url ? textOf(stat?.['relayProtocol']) : 'tls';
  return {
    candidateType,
    address: textOf(stat?.['address']) ?? textOf(stat?.['ip']),
    port: typeof stat?.['port'] === 'number' ? stat['port'] : null,
    protocol: textOf(stat?.['protocol']) ?? 'udp',
    relayProtocol: relayProtocol === null ? null : relayProtocol.toLowerCase(),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
