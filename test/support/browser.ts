import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from './fixtures.ts';
import { pathOf } from './needs.ts';
import { diesWithParent } from './processes.ts';

export type BrowserName = 'chromium' | 'firefox';

/** `RTCConfiguration`, as far as tests set it. */
export interface PeerConfiguration {
  readonly iceServers?: readonly {
    readonly urls: string | readonly string[];
    readonly username?: string;
    readonly credential?: string;
  }[];
  readonly iceTransportPolicy?: 'all' | 'relay';
  readonly iceCandidatePoolSize?: number;
}

/** A candidate as its `icecandidate` event told it; null where the browser gives nothing. */
export interface BrowserCandidate {
  /** Milliseconds since the connection was made. */
  readonly ms: number;
  readonly candidate: string;
  readonly component: 'rtp' | 'rtcp' | null;
  readonly foundation: string | null;
  readonly protocol: 'udp' | 'tcp' | null;
  readonly priority: number | null;
  readonly address: string | null;
  readonly port: number | null;
  readonly type: 'host' | 'srflx' | 'prflx' | 'relay' | null;
  readonly tcpType: 'active' | 'passive' | 'so' | null;
  readonly relatedAddress: string | null;
  readonly relatedPort: number | null;
  readonly relayProtocol: 'udp' | 'tcp' | 'tls' | null;
  readonly url: string | null;
  readonly usernameFragment: string | null;
}

export interface BrowserCandidateError {
  readonly ms: number;
  readonly url: string | null;
  readonly address: string | null;
  readonly port: number | null;
  readonly errorCode: number;
  readonly errorText: string | null;
}

export interface BrowserGatheringState {
  readonly ms: number;
  readonly state: 'new' | 'gathering' | 'complete';
}

export type BrowserEvent =
  | ({ readonly kind: 'candidate' } & BrowserCandidate)
  | ({ readonly kind: 'error' } & BrowserCandidateError)
  | ({ readonly kind: 'state' } & BrowserGatheringState);

/** A local candidate as `getStats` tells it at the end. */
export interface BrowserCandidateStats {
  readonly candidateType: string;
  readonly protocol: string;
  readonly address: string | null;
  readonly port: number;
  readonly priority: number;
  readonly relayProtocol: string | null;
  readonly url: string | null;
}

export interface BrowserGathering {
  /** In the order in which the page heard them. */
  readonly events: readonly BrowserEvent[];
  readonly candidates: readonly BrowserCandidate[];
  readonly errors: readonly BrowserCandidateError[];
  readonly states: readonly BrowserGatheringState[];
  readonly stats: readonly BrowserCandidateStats[];
  /** False if the state was not `complete` in time. */
  readonly complete: boolean;
  /** The exception of `new RTCPeerConnection(configuration)`, which then gathered nothing. */
  readonly thrown: { readonly name: string; readonly message: string } | null;
}

export interface BrowserOptions {
  /** Shows host addresses as they are instead of `.local` names. Default true. */
  readonly showHostAddresses?: boolean;
  /** A command to run the browser under, like `ip netns exec NAME`. */
  readonly under?: readonly string[];
  /** Where the page is, if not on a server of our own on localhost. */
  readonly pageUrl?: string;
  /** More flags for Chromium. */
  readonly flags?: readonly string[];
  /** More preferences for Firefox. */
  readonly preferences?: Readonly<Record<string, string | number | boolean>>;
}

export interface TestBrowser extends AsyncDisposable {
  readonly name: BrowserName;
  readonly userAgent: string;
  /** Gathers with a new RTCPeerConnection, for at most `timeoutMs` (default 20 s). */
  gather(configuration: PeerConfiguration, timeoutMs?: number): Promise<BrowserGathering>;
  /** Opens another page in the same tab. */
  visit(url: string): Promise<void>;
  /** Of the window, in CSS pixels. */
  resize(width: number, height: number): Promise<void>;
  /** PNG of the whole page, or of what the window shows. */
  screenshot(path: string, what?: 'page' | 'window'): Promise<void>;
  /** Every URL that the tab has asked for so far, `data:` and `blob:` left out. */
  requests(): readonly string[];
  /** The value of an expression (text of JavaScript) in the page; awaited if it is a promise. */
  evaluate<T>(expression: string): Promise<T>;
  close(): Promise<void>;
}

/** Starts a headless browser on an empty page of localhost. It ends with this process. */
export async function openBrowser(name: BrowserName, options: BrowserOptions = {}): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), `iceprobe-${name}-`));
  const server = options.pageUrl === undefined ? await servePage() : undefined;
  const dispose = async (): Promise<void> => {
    server?.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const launcher = writeLauncher(folder, [...(options.under ?? []), pathOf(name)]);
    const page = await (name === 'chromium' ? openChromium : openFirefox)(launcher, options);
    await page.visit(options.pageUrl ?? server?.url ?? '');
    await page.evaluate(GATHER);
    const close = async (): Promise<void> => {
      await page.close();
      await dispose();
    };
    return {
      name,
      userAgent: (await page.evaluate('navigator.userAgent')) as string,
      gather: async (configuration, timeoutMs = 20_000) =>
        withViews((await page.evaluate(`gather(${JSON.stringify(configuration)}, ${timeoutMs})`)) as RawGathering),
      visit: page.visit,
      resize: page.resize,
      screenshot: page.screenshot,
      requests: page.requests,
      evaluate: async <T>(expression: string) => (await page.evaluate(expression)) as T,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface Page {
  visit(url: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  screenshot(path: string, what?: 'page' | 'window'): Promise<void>;
  requests(): readonly string[];
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

async function openChromium(executablePath: string, options: BrowserOptions): Promise<Page> {
  const { chromium } = await import('playwright-core');
  const hidden = options.showHostAddresses === false ? [] : ['--disable-features=WebRtcHideLocalIpsWithMdns'];
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...hidden, ...(options.flags ?? [])],
  });
  const page = await browser.newPage();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  return {
    visit: async (url) => void (await page.goto(url)),
    resize: (width, height) => page.setViewportSize({ width, height }),
    screenshot: async (path, what = 'page') => void (await page.screenshot({ path, fullPage: what === 'page' })),
    requests: () => requests.filter(isOutside),
    evaluate: (expression) => page.evaluate(expression),
    close: () => browser.close(),
  };
}

async function openFirefox(executablePath: string, options: BrowserOptions): Promise<Page> {
  const { launch } = await import('puppeteer-core');
  const browser = await launch({
    browser: 'firefox',
    executablePath,
    extraPrefsFirefox: {
      'media.peerconnection.ice.obfuscate_host_addresses': options.showHostAddresses === false,
      // Firefox asks no server on a loopback address otherwise, and reports 701 at once.
      'media.peerconnection.ice.loopback': true,
      ...options.preferences,
    },
  });
  const page = await browser.newPage();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  return {
    visit: async (url) => void (await page.goto(url)),
    resize: (width, height) => page.setViewport({ width, height }),
    screenshot: async (path, what = 'page') =>
      void (await page.screenshot({ path: path as `${string}.png`, fullPage: what === 'page' })),
    requests: () => requests.filter(isOutside),
    evaluate: (expression) => page.evaluate(expression),
    close: () => browser.close(),
  };
}

function isOutside(url: string): boolean {
  return !/^(?:data|blob|about):/.test(url);
}

const GATHER = readFileSync(new URL('test/support/page/gather.js', PROJECT), 'utf8');

type RawGathering = Pick<BrowserGathering, 'events' | 'stats' | 'complete' | 'thrown'>;

function withViews(raw: RawGathering): BrowserGathering {
  return {
    ...raw,
    candidates: raw.events.filter((event) => event.kind === 'candidate'),
    errors: raw.events.filter((event) => event.kind === 'error'),
    states: raw.events.filter((event) => event.kind === 'state'),
  };
}

/** The drivers start one file, so what comes before the browser's name has to be in one. */
function writeLauncher(folder: string, command: readonly string[]): string {
  const path = join(folder, 'launch');
  const words = [...diesWithParent, ...command].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  writeFileSync(path, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
  return path;
}

/** `about:blank` is no secure context, and has no origin that a browser would let use everything. */
async function servePage(): Promise<{ url: string; close(): void }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>test</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
