import type { IncomingMessage } from 'node:http';

/** Which names this server may be called by, and so which origins are its own. */
export interface Place {
  readonly hosts: ReadonlySet<string>;
  readonly scheme: 'http' | 'https';
}

/**
 * The listening address, and for a loopback one its name: `127.0.0.1:4321`, `localhost:4321`, `[::1]:4321`. For the wildcard
 * address all of `own`, those of this machine; the first of them is the one to tell people.
 */
export function placeOf(address: string, port: number, scheme: 'http' | 'https', own: readonly string[] = []): Place {
  const addresses = isWildcard(address) ? own : [address];
  const literals = addresses.map((each) => (each.includes(':') ? `[${each}]` : each));
  const names = isLoopback(address) ? [...literals, 'localhost'] : literals;
  return { hosts: new Set(names.map((name) => `${name}:${port}`)), scheme };
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address === 'localhost';
}

/**
 * A name of someone else's that points to this machine (DNS rebinding) makes a browser take their page and ours for one
 * origin. The Host header still says the name that was asked for.
 */
export function isOurHost(request: IncomingMessage, place: Place): boolean {
  return place.hosts.has(request.headers.host?.toLowerCase() ?? '');
}

/** For a WebSocket, which no same-origin policy holds back: the page that opens it must be ours. */
export function isOurOrigin(request: IncomingMessage, place: Place): boolean {
  const { host, origin } = request.headers;
  return origin !== undefined && origin.toLowerCase() === `${place.scheme}://${host?.toLowerCase() ?? ''}`;
}

/**
 * Whether another site made the browser ask, as a picture, a frame or a fetch. What a person opened, from wherever, is a
 * navigation of a whole window. Programs send no such header.
 */
export function isEmbedded(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  const destination = request.headers['sec-fetch-dest'];
  return site !== undefined && site !== 'same-origin' && site !== 'none' && destination !== 'document';
}

export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/** For every answer, refusals too. */
export const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(self)',
};
