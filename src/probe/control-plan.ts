import { formatSocketAddress, type SocketAddress, type TransportKind } from '../core/address.ts';
import type { StageData, StageEnded } from '../core/attempt.ts';
import { fromHex } from '../core/bytes.ts';
import type { GatherServer } from '../core/ice/gatherer-io.ts';
import { recognise } from '../core/stun/foreign.ts';

/** What is known of one address, port and transport of a server that was asked for. */
export interface Endpoint {
  readonly host: string;
  readonly address: SocketAddress;
  readonly transport: TransportKind;
  /** How far any attempt came: `answered` is STUN, be it an error. */
  reached: 'nothing' | 'connected' | 'shaken' | 'answered';
  /** How the last attempt failed; undefined while none has. */
  failure: StageData | undefined;
}

/** Something that nobody asked for, tried to tell two causes apart. */
export interface Control {
  /** Names it in the report. */
  readonly url: string;
  readonly host: string;
  readonly address: SocketAddress;
  /** `web`: a TLS handshake as a browser would make it with a web server, and noise in place of one. */
  readonly kind: TransportKind | 'web';
  /** `connect`: that something listens is enough. */
  readonly until: 'connect' | 'answer';
  /** What it is to tell. */
  readonly why: string;
  /** It asks the very place that fails, for something else. */
  readonly again?: true;
}

/** STUN's own port, and the one that is open where nothing else is. */
const USUAL_PORTS = [3478, 443] as const;

export function endpointKey(address: SocketAddress, transport: Control['kind']): string {
  return `${formatSocketAddress(address)} ${transport}`;
}

/** Takes a stage of an attempt at the endpoint into account. */
export function noteStage(endpoint: Endpoint, { stage, status, data }: StageEnded): void {
  const passed = status === 'pass' || status === 'warn';
  const answered = data.cause === 'stun-error' || data.cause === 'bad-integrity' || data.cause === 'malformed';
  if (passed && stage === 'connect') endpoint.reached = further(endpoint.reached, 'connected');
  else if (passed && stage === 'tls') endpoint.reached = further(endpoint.reached, 'shaken');
  else if (passed || answered) endpoint.reached = 'answered';
  if (status === 'fail') endpoint.failure = data;
}

/** What to try beside an endpoint that has not answered so far. */
export function controlsFor(endpoint: Endpoint): Control[] {
  const { transport, reached, failure } = endpoint;
  if (reached === 'answered') return [];
  const isSilent = failure === undefined || failure.cause === 'timeout';
  switch (transport) {
    case 'udp':
      return isSilent
        ? [
            control(endpoint, 'tcp', 'answer', 'does TCP answer where UDP is silent?'),
            ...elsewhere(endpoint, 'udp', [3478], 'does another port of the host answer?'),
          ]
        : [];
    case 'tcp':
      if (reached === 'nothing') return isSilent ? unreached(endpoint) : [];
      return isSilent || speaksTls(failure) ? besideStream(endpoint) : [];
    case 'tls':
      if (reached === 'nothing') {
        if (isSilent) return unreached(endpoint);
        return failure.cause === 'refused' ? withoutTls(endpoint) : [];
      }
      return reached === 'connected' ? besideHandshake(endpoint) : [];
  }
}

/** No connection: is it the port, the host, or TCP? */
function unreached(endpoint: Endpoint): Control[] {
  return [
    ...elsewhere(endpoint, 'tcp', USUAL_PORTS, 'does another port of the host answer?'),
    control(endpoint, 'udp', 'answer', 'does UDP answer where TCP is silent?'),
  ];
}

/** Nobody listens for TLS: does the host serve without? */
function withoutTls(endpoint: Endpoint): Control[] {
  const why = 'does the host serve without TLS?';
  return [...elsewhere(endpoint, 'udp', [3478], why), ...elsewhere(endpoint, 'tcp', [3478], why)];
}

/** Connected, and no STUN came back: TLS is expected there, or plain STUN is understood and TURN is not. */
function besideStream(endpoint: Endpoint): Control[] {
  const tls = control(endpoint, 'tls', 'answer', 'does the port speak TLS?');
  if (endpoint.failure?.cause === 'not-stun') return [tls];
  const { host, address } = endpoint;
  // No URL says "STUN over TCP", and `turn:` over TCP is what was asked for.
  const url = `stun:${placeOf(host, address)}?transport=tcp`;
  const why = 'does the port answer STUN where it answers no TURN?';
  return [tls, { url, host, address, kind: 'tcp', until: 'answer', why, again: true }];
}

function besideHandshake(endpoint: Endpoint): Control[] {
  const { failure } = endpoint;
  // The certificate was seen, so TLS it is.
  if (failure?.cause === 'tls' && !/handshake-failed/.test(failure.problem ?? '')) return [];
  const wasReset = failure?.cause === 'reset' || /ECONNRESET|EPIPE/.test(failure?.problem ?? '');
  return [
    control(endpoint, 'tcp', 'answer', 'does the port speak STUN without TLS?'),
    ...(wasReset ? [control(endpoint, 'web', 'answer', 'who resets the handshake, the server or a filter?')] : []),
  ];
}

/** Closed without a word, or with a TLS alert for an answer. */
function speaksTls({ cause, firstBytes }: StageData): boolean {
  if (cause === 'closed' || cause === 'reset') return true;
  const bytes = cause === 'not-stun' ? fromHex(firstBytes ?? '') : undefined;
  return bytes !== undefined && recognise(bytes)?.name === 'tls';
}

function elsewhere(endpoint: Endpoint, kind: 'udp' | 'tcp', ports: readonly number[], why: string): Control[] {
  return ports
    .filter((port) => port !== endpoint.address.port || kind !== endpoint.transport)
    .map((port) =>
      control(
        { ...endpoint, address: { ...endpoint.address, port } },
        kind,
        kind === 'udp' ? 'answer' : 'connect',
        why,
      ),
    );
}

function control(
  { host, address }: Pick<Endpoint, 'host' | 'address'>,
  kind: Control['kind'],
  until: Control['until'],
  why: string,
): Control {
  const place = placeOf(host, address);
  const url = {
    udp: `stun:${place}`,
    // No URL says "STUN over TCP"; this is the nearest.
    tcp: `turn:${place}?transport=tcp`,
    tls: `turns:${place}`,
    web: `https://${place}`,
  }[kind];
  return { url, host, address, kind, until, why };
}

function placeOf(host: string, { port }: SocketAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function further(a: Endpoint['reached'], b: Endpoint['reached']): Endpoint['reached'] {
  const order = ['nothing', 'connected', 'shaken', 'answered'] as const;
  return order.indexOf(b) > order.indexOf(a) ? b : a;
}

/** The endpoints of a server at these addresses. */
export function endpointsOf({ uri }: GatherServer, addresses: readonly SocketAddress[]): Endpoint[] {
  // TURN over DTLS is not tried at all.
  if (uri.dtls === true) return [];
  return addresses.map((address) => ({
    host: uri.host,
    address,
    transport: uri.transport,
    reached: 'nothing',
    failure: undefined,
  }));
}
