import { addressKind, canonicalAddress, type Family, familyOf, type TransportKind } from '../../core/address.ts';
import type { CandidateFound } from '../../core/ice/events.ts';
import type { PageIceServer } from '../../record/page-messages.ts';
import type { EventSink } from '../../record/recorder.ts';
import type { IceTransportPolicy } from '../../record/report.ts';

export interface BrowserGathering {
  readonly iceServers: readonly PageIceServer[];
  readonly iceTransportPolicy: IceTransportPolicy;
  readonly iceCandidatePoolSize?: number;
  /** The URL that is gathered for by itself; null for all servers together. */
  readonly url: string | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The exception of the constructor, in the place where a server's error code would stand. */
export const REFUSED_BY_BROWSER = 0;

/**
 * Gathers with a connection of this browser and records what it tells; resolves when gathering is complete, at the
 * deadline, or when it is aborted. The connection is closed then, which gives allocations back.
 */
export async function gatherInBrowser(gathering: BrowserGathering, record: EventSink): Promise<void> {
  const { url, timeoutMs, signal } = gathering;
  let connection: RTCPeerConnection;
  try {
    connection = new RTCPeerConnection(configurationOf(gathering));
  } catch (error) {
    recordRefusal(gathering, error, record);
    return;
  }
  const through = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    signal.addEventListener('abort', () => resolve(), { once: true });
    connection.addEventListener('icegatheringstatechange', () => {
      record({ type: 'gathering-state', url, state: connection.iceGatheringState });
      if (connection.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    });
  });
  connection.addEventListener('icecandidate', ({ candidate }) => {
    // An empty one ends a generation of candidates, none at all the gathering.
    if (candidate === null || candidate.candidate === '') return;
    record({ type: 'candidate', gathering: url, candidate: candidateOf(candidate, gathering) });
  });
  connection.addEventListener('icecandidateerror', (event) => recordError(event, gathering, record));
  record({ type: 'gathering-state', url, state: connection.iceGatheringState, userAgent: navigator.userAgent });
  try {
    connection.createDataChannel('iceprobe');
    await connection.setLocalDescription(await connection.createOffer());
    await through;
  } finally {
    connection.close();
  }
}

function configurationOf({ iceServers, iceTransportPolicy, iceCandidatePoolSize }: BrowserGathering): RTCConfiguration {
  return {
    iceServers: iceServers.map(({ urls, username, credential }) => ({
      urls: [...urls],
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    })),
    iceTransportPolicy,
    ...(iceCandidatePoolSize === undefined ? {} : { iceCandidatePoolSize }),
  };
}

function recordRefusal(gathering: BrowserGathering, error: unknown, record: EventSink): void {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const { url, iceServers } = gathering;
  record({ type: 'gathering-state', url, state: 'new', userAgent: navigator.userAgent });
  for (const refused of url === null ? iceServers.flatMap(({ urls }) => urls) : [url]) {
    record({
      type: 'candidate-error',
      gathering: url,
      url: refused,
      errorCode: REFUSED_BY_BROWSER,
      errorText: what,
      address: null,
      port: null,
      family: null,
    });
  }
  // Nothing was gathered, and nothing more will be.
  record({ type: 'gathering-state', url, state: 'complete' });
}

function recordError(event: RTCPeerConnectionIceErrorEvent, gathering: BrowserGathering, record: EventSink): void {
  const address = bare(event.address);
  record({
    type: 'candidate-error',
    gathering: gathering.url,
    url: nameOf(event.url, gathering),
    errorCode: event.errorCode,
    errorText: event.errorText,
    // Chromium hides the address where it hides host candidates.
    address: address === null || /^(\[?0|.*\.x)/.test(address) ? null : address,
    port: event.port === null || event.port === 0 ? null : event.port,
    family: familyOfText(address),
  });
}

/**
 * Which of our URLs the browser means: it writes them in a form of its own, calls the Binding requests to a TURN server
 * `stun:`, or (Firefox) names none.
 */
function nameOf(told: string, { url, iceServers }: BrowserGathering): string {
  if (url !== null) return url;
  const urls = iceServers.flatMap((server) => server.urls);
  const place = placeIn(told);
  return urls.find((each) => each === told) ?? urls.find((each) => place !== '' && placeIn(each) === place) ?? told;
}

/** `turn:HOST:PORT?transport=udp` and `stun:HOST:PORT` are one place. */
function placeIn(url: string): string {
  return url
    .toLowerCase()
    .replace(/^(?:stun|turn)s?:/, '')
    .replace(/\?transport=udp$/, '')
    .replace(/:3478$/, '');
}

export function candidateOf(
  candidate: RTCIceCandidate,
  { url, iceServers }: BrowserGathering,
): CandidateFound['candidate'] {
  const address = bare(candidate.address) ?? '';
  const type = candidate.type ?? 'host';
  // Newer than the declarations of some browsers.
  const told = candidate as RTCIceCandidate & { url?: string | null; relayProtocol?: string | null };
  const server =
    told.url === undefined || told.url === null ? url : nameOf(told.url, { url, iceServers } as BrowserGathering);
  return {
    candidate: candidate.candidate,
    type,
    component: candidate.component === 'rtcp' ? 2 : 1,
    foundation: candidate.foundation ?? '',
    protocol: candidate.protocol ?? 'udp',
    tcpType: candidate.tcpType ?? null,
    priority: candidate.priority ?? 0,
    address,
    port: candidate.port ?? 0,
    relatedAddress: bare(candidate.relatedAddress),
    relatedPort: candidate.relatedPort,
    url: type === 'host' ? null : server,
    relayProtocol: (told.relayProtocol ?? null) as TransportKind | null,
    rttMs: null,
    requestsSent: null,
    interface: null,
  };
}

function bare(address: string | null): string | null {
  if (address === null || address === '') return null;
  const plain = address.replace(/^\[|\]$/g, '');
  return canonicalAddress(plain) ?? plain;
}

function familyOfText(address: string | null): Family | null {
  if (address === null) return null;
  return familyOf(address) ?? (address.includes(':') ? 6 : null);
}

/** Whether a host candidate hides its address behind a name. */
export function isHidden(address: string): boolean {
  return address.endsWith('.local');
}

export function isLoopbackAddress(address: string): boolean {
  return addressKind(address) === 'loopback';
}
