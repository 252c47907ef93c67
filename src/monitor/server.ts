import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { monitorMetrics, targetMetrics } from './metrics.ts';
import type { Monitor } from './monitor.ts';
import type { OwnFigures } from './own.ts';
import { liveOf, PAGE_POLICY, pageOf } from './page.ts';
import { statusOf } from './status.ts';

export interface MonitorServerOptions {
  readonly listen: string;
  /** 0: a free one. */
  readonly port: number;
  /** Why a request is not answered; undefined for one that is. */
  readonly refuse: (request: IncomingMessage) => Refusal | undefined;
  /** For every answer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly monitor: Monitor;
  readonly own: OwnFigures;
  /** The wall clock. */
  readonly now: () => Date;
}

export interface Refusal {
  readonly status: number;
  readonly why: string;
}

export interface MonitorServer {
  readonly port: number;
  close(): Promise<void>;
}

const MOST_CONNECTIONS = 100;
/** Of requests to `/probe` that wait for their run. */
const MOST_PROBES = 50;
/** A request is short: who takes longer to send one means no good. */
const REQUEST_MS = 10_000;
/** A reader that takes nothing for this long is cut off. */
const IDLE_MS = 30_000;
/** What is rendered serves everybody who asks within this time: many readers cost no more than one. */
const REUSED_MS = 200;

const CLOSED_POLICY = "default-src 'none'; frame-ancestors 'none'";
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';

/** Resolves once it listens. Rejects with the system's error. */
export async function startMonitorServer(options: MonitorServerOptions): Promise<MonitorServer> {
  const answers = new Answers(options);
  const limits = {
    headersTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: REQUEST_MS / 5,
  };
  const server = createServer(limits, (request, response) => void answers.answer(request, response));
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = IDLE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.listen, port: options.port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

class Answers {
  readonly #options: MonitorServerOptions;
  readonly #rendered = new Map<string, { readonly at: number; readonly body: Buffer }>();
  #probes = 0;

  constructor(options: MonitorServerOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#options.refuse(request);
    if (refusal !== undefined) return this.#send(response, refusal.status, TEXT_TYPE, `${refusal.why}\n`);
    const { pathname, searchParams } = urlOf(request);
    const isHead = request.method === 'HEAD';
    if (request.method !== 'GET' && !(isHead && pathname !== '/probe')) {
      response.setHeader('allow', pathname === '/probe' ? 'GET' : 'GET, HEAD');
      return this.#send(response, 405, TEXT_TYPE, 'nothing is taken here\n');
    }
    const { monitor, own, now } = this.#options;
    switch (pathname) {
      case '/':
        return this.#send(
          response,
          200,
          HTML_TYPE,
          this.#render('/', () => pageOf(statusOf(monitor, own), now())),
          PAGE_POLICY,
        );
      case '/live':
        return this.#send(
          response,
          200,
          HTML_TYPE,
          this.#render('/live', () => liveOf(statusOf(monitor, own), now())),
        );
      case '/metrics':
        return this.#send(
          response,
          200,
          METRICS_TYPE,
          this.#render('/metrics', () => monitorMetrics(monitor, own)),
        );
      case '/status': {
        const json = (): string => `${JSON.stringify(statusOf(monitor, own), null, 2)}\n`;
        return this.#send(response, 200, 'application/json', this.#render('/status', json));
      }
      case '/healthz':
        return this.#health(response);
      case '/probe':
        return this.#probe(request, response, searchParams.get('target'));
      default:
        return this.#send(
          response,
          404,
          TEXT_TYPE,
          'there are /, /metrics, /probe?target=NAME, /status and /healthz\n',
        );
    }
  }

  #health(response: ServerResponse): void {
    const { monitor } = this.#options;
    const { targets } = monitor;
    const broken = targets.length > 0 && targets.every(({ fault }) => fault !== undefined);
    if (monitor.isClosed) this.#send(response, 503, TEXT_TYPE, 'closing\n');
    else if (broken) this.#send(response, 503, TEXT_TYPE, "every run ends in a fault of iceprobe's own\n");
    else this.#send(response, 200, TEXT_TYPE, 'ok\n');
  }

  /** Only targets that are watched: whoever gets here could otherwise make this machine ask any server. */
  async #probe(request: IncomingMessage, response: ServerResponse, name: string | null): Promise<void> {
    const { monitor } = this.#options;
    if (name === null || name === '') {
      return this.#send(response, 400, TEXT_TYPE, 'which target: /probe?target=NAME\n');
    }
    if (!monitor.targets.some((target) => target.name === name)) {
      return this.#send(response, 404, TEXT_TYPE, 'there is no such target; /status lists them\n');
    }
    if (this.#probes >= MOST_PROBES) {
      return this.#send(response, 503, TEXT_TYPE, 'too many wait for a run already\n');
    }
    this.#probes++;
    // It may well be silent for as long as the run takes, which has an end of its own.
    request.socket.setTimeout(0);
    try {
      const watched = await monitor.probe(name);
      request.socket.setTimeout(IDLE_MS);
      if (watched === undefined)
        this.#send(response, 503, TEXT_TYPE, 'the monitor ends, or no longer has that target\n');
      else if (watched.fault !== undefined) this.#send(response, 500, TEXT_TYPE, `a fault of iceprobe's own\n`);
      else this.#send(response, 200, METRICS_TYPE, targetMetrics([watched]));
    } finally {
      this.#probes--;
    }
  }

  #render(path: string, render: () => string): Buffer {
    const at = performance.now();
    const before = this.#rendered.get(path);
    if (before !== undefined && at - before.at < REUSED_MS) return before.body;
    const body = Buffer.from(render());
    this.#rendered.set(path, { at: performance.now(), body });
    return body;
  }

  #send(response: ServerResponse, status: number, type: string, body: string | Buffer, policy = CLOSED_POLICY): void {
    response.writeHead(status, {
      ...this.#options.headers,
      'content-security-policy': policy,
      'content-type': type,
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  }
}

/** A request line may hold anything: what is no path is none of ours. */
function urlOf({ url = '' }: IncomingMessage): URL {
  const isPath = url.startsWith('/') && URL.canParse(url, 'http://localhost');
  return new URL(isPath ? url : '/-', 'http://localhost');
}
