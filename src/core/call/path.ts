import { addressKind } from '../address.ts';
import type { CandidateType } from '../ice/candidate.ts';
import { parseCandidate } from '../ice/sdp.ts';
import { parseServerUri } from '../stun/uri.ts';

/**
 * Which kinds of candidates a connection may use. `any` is what an application gets; each of the others is a connection
 * of its own, so that one path cannot hide behind another.
 */
export const CALL_PATHS = ['any', 'host', 'srflx', 'relay', 'relay/udp', 'relay/tcp', 'relay/tls'] as const;

export type CallPath = (typeof CALL_PATHS)[number];

export function isCallPath(text: string): text is CallPath {
  return (CALL_PATHS as readonly string[]).includes(text);
}

/** An entry of `iceServers` as a peer connection takes it. */
export interface CallIceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** URLs of servers, and those by which the stack is to reach them in their place. */
export type Bridges = Readonly<Record<string, string>>;

/** What a peer connection is made with for a path. */
export function configurationFor(
  path: CallPath,
  servers: readonly CallIceServer[],
  bridges: Bridges = {},
): { readonly iceServers: readonly CallIceServer[]; readonly iceTransportPolicy: 'all' | 'relay' } {
  const kinds = kindsFor(path, servers);
  return {
    iceServers: serversFor(kinds === path ? path : 'srflx', servers).map((server) => ({
      ...server,
      urls: server.urls.map((url) => bridges[url] ?? url),
    })),
    iceTransportPolicy: kinds.startsWith('relay') ? 'relay' : 'all',
  };
}

/**
 * What our candidates are held to: the path; but an end without such a relay takes part with what it has, since the relay of
 * the other end carries everything all the same.
 */
export function kindsFor(path: CallPath, servers: readonly CallIceServer[]): CallPath {
  return path.startsWith('relay') && serversFor(path, servers).length === 0 ? 'any' : path;
}

/** The URL that somebody gave, from the one that a stack names. */
export function givenUrl(url: string, bridges: Bridges): string {
  return Object.entries(bridges).find(([, bridge]) => bridge === url)?.[0] ?? url;
}

/** Only the URLs that a path needs: a server that is not asked holds no allocation. */
export function serversFor(path: CallPath, servers: readonly CallIceServer[]): readonly CallIceServer[] {
  if (path === 'any') return servers;
  if (path === 'host') return [];
  const stunAlone = path === 'srflx' && servers.some(({ urls }) => urls.some((url) => /^stun:/i.test(url)));
  return servers.flatMap((server) => {
    const urls = server.urls.filter((url) => {
      const uri = parseServerUri(url);
      if (!uri.ok) return false;
      const { scheme, transport } = uri.value;
      const isTurn = scheme === 'turn' || scheme === 'turns';
      // A TURN server over UDP tells the mapped address too (RFC 8656 7.3); over a stream that is no candidate for UDP.
      if (path === 'srflx') return stunAlone ? scheme === 'stun' : isTurn && transport === 'udp';
      return isTurn && (path === 'relay' || path === `relay/${transport}`);
    });
    if (urls.length === 0) return [];
    // Asked as a STUN server it holds no allocation, which nobody would use.
    return [path === 'srflx' ? { urls: urls.map(asStun) } : { ...server, urls }];
  });
}

/** `turn:HOST:PORT?transport=udp` as `stun:HOST:PORT`: the ports are the same (RFC 7064 3.2, RFC 7065 3.2). */
function asStun(url: string): string {
  return url.replace(/^turn:/i, 'stun:').replace(/\?.*$/, '');
}

/** The paths that these servers allow, each to be tried by itself: that says more than all of them in one. */
export function separatePaths(servers: readonly CallIceServer[], policy: 'all' | 'relay'): readonly CallPath[] {
  return CALL_PATHS.filter((path) => {
    if (path === 'relay') return false;
    if (path === 'any' || path === 'host') return policy === 'all';
    return serversFor(path, servers).length > 0 && (policy === 'all' || path.startsWith('relay'));
  });
}

/** Why a candidate of ours is not told to the other end; undefined where it is. */
export function reasonToWithhold(path: CallPath, candidate: string, loopback: boolean): string | undefined {
  const parsed = parseCandidate(candidate);
  if (!parsed.ok) return undefined;
  const { type, address } = parsed.value;
  if (!belongsTo(path, type)) return `not ${path}`;
  // Each machine has a loopback of its own: to another machine such a candidate means that machine itself. Browsers have none.
  if (type === 'host' && !loopback && addressKind(address) === 'loopback') return 'loopback';
  return undefined;
}

function belongsTo(path: CallPath, type: CandidateType): boolean {
  if (path === 'any') return true;
  return path === 'host' || path === 'srflx' ? type === path : type === 'relay';
}

/** Leaves the candidates out of a description that are not to be told (without trickle they stand in it). */
export function withholdFromSdp(path: CallPath, sdp: string, loopback: boolean): string {
  return sdp
    .split('\r\n')
    .filter((line) => !line.startsWith('a=candidate:') || reasonToWithhold(path, line, loopback) === undefined)
    .join('\r\n');
}
