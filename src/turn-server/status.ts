import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { addressKind, familyOf } from '../core/address.ts';
import type { AllocationSnapshot } from '../core/turn/server/allocation.ts';
import type { Counters } from './counters.ts';
import { renderMetrics } from './metrics.ts';
import { TurnServerOptionError } from './options.ts';
import type { IceServer } from './start.ts';

export interface StatusSources {
  readonly port: number;
  readonly origins: readonly string[];
  readonly allocations: () => readonly AllocationSnapshot[];
  readonly counters: Counters;
  readonly caPem: string | undefined;
  readonly iceServers: (seconds: number) => readonly IceServer[];
  /** Throws TurnServerOptionError. */
  readonly setFaults: (specs: readonly string[], seed: number) => Promise<void>;
}

export interface StatusServer {
  readonly url: string;
  close(): Promise<void>;
}

/** What `/ice-servers` hands out is good for as long as it takes to set a call up, several times over. */
const CREDENTIAL_SECONDS = 600;

/**
 * Status, metrics and credentials over HTTP, for this machine alone:
 *
 * - `/` the allocations and counters as JSON, without credentials
 * - `/metrics` for Prometheus
 * - `/ice-servers` `{ iceServers }` with a credential good for ten minutes, to be fetched by a page
 * - `/ca.pem` the authority to trust for `turns:`
 * - `/faults` takes `{"faults":["allocate:486"],"seed":1}` by POST, for tests that are not in this process
 *
 * @throws the system's error where the port cannot be had
 */
export async function startStatusServer(sources: StatusSources): Promise<StatusServer> {
  const server = createServer((request, response) => answer(request, response, sources));
  // Bound to loopback, whatever the TURN server listens on: this hands out credentials.
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: sources.port, exclusive: true }, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : sources.port;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, sources: StatusSources): void {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  // A name that somebody else's DNS points here (rebinding) is not ours, and its page must not read this.
  if (!isOwnHost(request.headers.host)) {
    send(response, 403, 'text/plain', 'this host is not served here\n');
    return;
  }
  const { origin } = request.headers;
  const isAllowedOrigin = origin === undefined || isOwnOrigin(origin) || sources.origins.includes(origin);
  if (origin !== undefined && isAllowedOrigin) {
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Vary', 'Origin');
  }
  const path = (request.url ?? '/').split('?', 1)[0];
  if (request.method === 'POST' && path === '/faults') {
    changeFaults(request, response, sources).catch(() => response.destroy());
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    send(response, 405, 'text/plain', 'GET only\n');
    return;
  }
  if (path === '/ice-servers' && !isAllowedOrigin) {
    send(response, 403, 'text/plain', `pages of ${origin} get no credentials here\n`);
  } else if (path === '/ice-servers') sendJson(response, { iceServers: sources.iceServers(CREDENTIAL_SECONDS) });
  else if (path === '/metrics') {
    send(
      response,
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      renderMetrics(sources.counters, sources.allocations()),
    );
  } else if (path === '/ca.pem' && sources.caPem !== undefined) {
    send(response, 200, 'application/x-pem-file', sources.caPem);
  } else if (path === '/') sendJson(response, statusOf(sources));
  else send(response, 404, 'text/plain', 'there are /, /metrics, /ice-servers, /ca.pem and, by POST, /faults\n');
}

const MAX_BODY_BYTES = 65_536;

async function changeFaults(request: IncomingMessage, response: ServerResponse, sources: StatusSources): Promise<void> {
  // A page elsewhere can send a form here unasked, but not JSON: for that its browser asks first, and hears no.
  if (request.headers.origin !== undefined || request.headers['content-type'] !== 'application/json') {
    send(response, 403, 'text/plain', 'application/json, and not from a page\n');
    return;
  }
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_BODY_BYTES) throw new Error('too long');
  }
  const wanted = readFaults(text);
  if (wanted === undefined) {
    send(response, 400, 'text/plain', 'not of the form {"faults":["allocate:486"],"seed":1}\n');
    return;
  }
  try {
    await sources.setFaults(wanted.faults, wanted.seed);
    sendJson(response, wanted);
  } catch (error) {
    if (!(error instanceof TurnServerOptionError)) throw error;
    send(response, 400, 'text/plain', `${error.message}\n`);
  }
}

function readFaults(text: string): { readonly faults: string[]; readonly seed: number } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { faults, seed = 1 } = value as { readonly faults?: unknown; readonly seed?: unknown };
  const isList = Array.isArray(faults) && faults.every((each) => typeof each === 'string');
  return isList && Number.isInteger(seed) ? { faults, seed: Number(seed) } : undefined;
}

function statusOf({ counters, allocations }: StatusSources): unknown {
  const live = allocations();
  return {
    allocations: live,
    traffic: counters.traffic(live),
    created: Object.fromEntries(counters.created),
    ended: Object.fromEntries(counters.ended),
    rejected: Object.fromEntries(counters.rejected),
    ignored: Object.fromEntries(counters.ignored),
    challenges: counters.challenges,
    bindings: counters.bindings,
  };
}

function isOwnHost(host: string | undefined): boolean {
  const name = /^(\[[^\]]+\]|[^:]+)(?::\d+)?$/.exec(host ?? '')?.[1]?.replace(/^\[|\]$/g, '') ?? '';
  return name.toLowerCase() === 'localhost' || (familyOf(name) !== undefined && addressKind(name) === 'loopback');
}

function isOwnOrigin(origin: string): boolean {
  const match = /^https?:\/\/(.+)$/.exec(origin);
  return match !== null && isOwnHost(match[1]);
}

function sendJson(response: ServerResponse, value: unknown): void {
  send(response, 200, 'application/json', `${JSON.stringify(value)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
