import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { listInterfaces } from '../net/interfaces.ts';
import type { PageIceServer, TerminalMessage } from '../record/page-messages.ts';
import type { IceTransportPolicy, Tool } from '../record/report.ts';
import { Compressed } from './server/compressed.ts';
import { PageConnection, type Services } from './server/connection.ts';
import { cookieOf, HEADERS, isEmbedded, isOurHost, isOurOrigin, type Place, placeOf } from './server/guard.ts';
import { type ListenOptions, startListening } from './server/listening.ts';
import { MAX_MESSAGE_BYTES } from './server/messages.ts';
import { policyOf, readCompressedPage, withoutPolicy } from './server/page-file.ts';
import { RoomService } from './server/room-service.ts';
import { ROOMS_PATH, RoomDoorway, refuseUpgrade } from './server/signal.ts';
import { randomText, Tickets } from './server/tickets.ts';

export type { PeerPage, TerminalGather, TerminalRequest } from './server/connection.ts';
export { isLoopback, isWildcard } from './server/guard.ts';
export { readBuiltPage } from './server/page-file.ts';

export interface WebServerOptions extends Services, ListenOptions {
  /** The built page. */
  readonly page: string;
  readonly tool: Tool;
  /** What the page begins with. */
  readonly iceServers?: readonly PageIceServer[];
  readonly iceTransportPolicy?: IceTransportPolicy;
  /** Milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** The page runs at once, in the browser alone, and hands its events to `onBrowserEvent`. */
  readonly driven?: boolean;
  /** The address of the rooms here, for another terminal, once the port is known. */
  readonly roomServer?: (port: number) => string | undefined;
  /** A ticket was spent: a second browser would need another. */
  readonly onOpened?: () => void;
}

export interface WebServer extends AsyncDisposable {
  readonly port: number;
  /** Opens the page, once, in one browser: a new ticket with each call. */
  newUrl(): string;
  close(): Promise<void>;
}

const MOST_CONNECTIONS = 20;

/**
 * Serves the page and its WebSocket; resolves once it listens. Rejects with the system's error, or a `TypeError` for an
 * address beyond this machine without TLS.
 */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const { server, listen, port, close: stop } = await startListening(options);
  const place = placeOf(listen, port, options.tls === undefined ? 'http' : 'https', ownAddresses(listen));
  const host = [...place.hosts][0] ?? '';
  const doorway = new Doorway(options, place, host, options.roomServer?.(port) ?? null);
  server.on('request', (request, response) => doorway.answer(request, response));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    doorway.upgrade(request, socket, head),
  );
  const close = (): Promise<void> => {
    doorway.close();
    return stop();
  };
  return {
    port,
    newUrl: () => `${place.scheme}://${host}${doorway.newPath()}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Of the family that the wildcard stands for, those that others reach first; no scoped ones, which fit into no URL. */
function ownAddresses(wildcard: string): string[] {
  const wanted = wildcard === '::' ? [4, 6] : [4];
  const own = listInterfaces().filter(({ address, family }) => wanted.includes(family) && !address.includes('%'));
  return own
    .toSorted((a, b) => Number(a.kind === 'loopback') - Number(b.kind === 'loopback'))
    .map(({ address }) => address);
}

/** Decides who gets in: to the page by ticket or session, to the WebSocket by session and from our own page alone. */
class Doorway {
  readonly #options: WebServerOptions;
  readonly #place: Place;
  readonly #tickets = new Tickets(() => performance.now());
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  /** Cookies know no ports: the path keeps ours from other servers on this machine. */
  readonly #path = `/${randomText().slice(0, 12)}/`;
  readonly #roomServer: string | null;
  readonly #rooms = new RoomDoorway(new RoomService());
  readonly #body: Compressed;
  readonly #policy: string;

  constructor(options: WebServerOptions, place: Place, host: string, roomServer: string | null) {
    this.#roomServer = roomServer;
    this.#options = options;
    this.#place = place;
    this.#body = new Compressed(withoutPolicy(options.page), readCompressedPage);
    const socket = `${place.scheme === 'https' ? 'wss' : 'ws'}://${host}`;
    this.#policy = `${policyOf(options.page).replace(/connect-src [^;]*/, `connect-src 'self' ${socket}`)}; frame-ancestors 'none'`;
  }

  newPath(): string {
    return `${this.#path}?ticket=${this.#tickets.issue()}`;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const url = urlOf(request);
    if (!isOurHost(request, this.#place)) refuse(response, 421, 'This is not the host that you asked for.');
    else if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405, 'Nothing is taken here.');
    else if (url?.pathname !== this.#path || isEmbedded(request)) refuse(response, 403, CLOSED);
    else this.#admit(request, response, url.searchParams.get('ticket'));
  }

  #admit(request: IncomingMessage, response: ServerResponse, ticket: string | null): void {
    const session = ticket === null ? undefined : this.#tickets.redeem(ticket);
    // A page that is reloaded may still have the spent ticket in its address.
    if (session === undefined && !this.#hasSession(request)) {
      refuse(response, 403, CLOSED);
      return;
    }
    const secure = this.#place.scheme === 'https' ? '; Secure' : '';
    const { body, headers } = this.#body.for(request.headers['accept-encoding']);
    response.writeHead(200, {
      ...HEADERS,
      ...headers,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': this.#policy,
      ...(session === undefined
        ? {}
        : { 'set-cookie': `${COOKIE}=${session}; HttpOnly; SameSite=Strict; Path=${this.#path}${secure}` }),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
    if (session !== undefined) this.#options.onOpened?.();
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (urlOf(request)?.pathname.endsWith(ROOMS_PATH) === true) {
      if (this.#mayMeet(request)) this.#rooms.enter(request, socket, head);
      else refuseUpgrade(socket, '403 Forbidden');
      return;
    }
    const allowed =
      urlOf(request)?.pathname === `${this.#path}events` &&
      isOurHost(request, this.#place) &&
      isOurOrigin(request, this.#place) &&
      this.#hasSession(request) &&
      this.#sockets.clients.size < MOST_CONNECTIONS;
    if (!allowed) {
      refuseUpgrade(socket, '403 Forbidden');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (opened) => {
      new PageConnection(opened, this.#options, this.#hello());
    });
  }

  /**
   * Another terminal, which is let in by the code of a room; or our own page, by a path to which its cookie goes. A browser
   * always says whose page asks, and programs never do.
   */
  #mayMeet(request: IncomingMessage): boolean {
    const path = urlOf(request)?.pathname;
    if (request.headers.origin === undefined) return path === ROOMS_PATH;
    const isPage = isOurHost(request, this.#place) && isOurOrigin(request, this.#place) && this.#hasSession(request);
    return isPage && path === `${this.#path}${ROOMS_PATH.slice(1)}`;
  }

  close(): void {
    this.#rooms.close();
    for (const client of this.#sockets.clients) client.terminate();
    this.#sockets.close();
  }

  #hasSession(request: IncomingMessage): boolean {
    const session = cookieOf(request, COOKIE);
    return session !== undefined && this.#tickets.knows(session);
  }

  #hello(): TerminalMessage {
    const { tool, iceServers, iceTransportPolicy, timeoutMs, gather, startLocalServer, driven } = this.#options;
    return {
      type: 'hello',
      tool,
      iceServers: iceServers ?? [],
      iceTransportPolicy: iceTransportPolicy ?? 'all',
      timeoutMs: timeoutMs ?? 10_000,
      canGather: gather !== undefined,
      canStartLocalServer: startLocalServer !== undefined,
      driven: driven ?? false,
      peer: this.#options.onPeer !== undefined,
      roomServer: this.#roomServer,
    };
  }
}

const COOKIE = 'iceprobe-session';

const CLOSED =
  'This page is open to whoever started it. Use the address that the terminal printed; it works once, and the terminal prints another.';

/** undefined for what is no path. */
function urlOf(request: IncomingMessage): URL | undefined {
  const url = request.url ?? '';
  return url.startsWith('/') && URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost') : undefined;
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, {
    ...HEADERS,
    'content-type': 'text/plain; charset=utf-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  });
  response.end(`${why}\n`);
}
