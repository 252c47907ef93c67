import type { RunEvent } from '../record/events.ts';
import type { PageIceServer } from '../record/page-messages.ts';
import type { IceTransportPolicy, Tool } from '../record/report.ts';
import { readBuiltPage, startWebServer } from '../web/server.ts';
import type { InstalledBrowser } from './find.ts';
import { launchBrowser } from './launch.ts';

export interface BrowserGatherOptions {
  readonly iceServers: readonly PageIceServer[];
  readonly iceTransportPolicy: IceTransportPolicy;
  /** Milliseconds of gathering; the browser's own start comes on top, {@link START_MS} at most. */
  readonly timeoutMs: number;
  readonly tool: Tool;
  /** Events of the browser's vantage as they come, `run-started` of the page left out; times from the page's start. */
  readonly onEvent: (event: RunEvent) => void;
  readonly signal: AbortSignal;
}

/** How long a browser may take to open the page. */
export const START_MS = 30_000;

/** What a browser is given for the release of its allocations, before it is ended. */
export const RELEASE_MS = 400;

/** The browser did not do its part; the message is for a person. */
export class BrowserError extends Error {
  override readonly name = 'BrowserError';
}

/**
 * Gathers in an installed browser, without a window, with the very page that `iceprobe web` serves. Resolves when the page
 * is through or the signal aborts; throws a {@link BrowserError} if the browser ends or never opens the page.
 */
export async function gatherWithBrowser(browser: InstalledBrowser, options: BrowserGatherOptions): Promise<void> {
  const { onEvent, signal, timeoutMs } = options;
  let finish = (): void => {};
  const finished = new Promise<'finished'>((resolve) => {
    finish = () => resolve('finished');
  });
  let hasOpened = false;
  let opened = (): void => {};
  const isOpen = new Promise<void>((resolve) => {
    opened = () => {
      hasOpened = true;
      resolve();
    };
  });
  await using server = await startWebServer({
    page: readBuiltPage(),
    tool: options.tool,
    iceServers: options.iceServers,
    iceTransportPolicy: options.iceTransportPolicy,
    timeoutMs,
    driven: true,
    onOpened: opened,
    onBrowserEvent: (event) => {
      if (event.type !== 'run-started') onEvent(event);
    },
    onBrowserFinished: finish,
  });
  await using launched = launchBrowser(browser, server.newUrl());
  const aborted = new Promise<'aborted'>((resolve) => {
    if (signal.aborted) resolve('aborted');
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  const ended = launched.ended.then((said) => {
    throw new BrowserError(`${browser.name} (${browser.path}) ended by itself${said === '' ? '' : `: ${said}`}`);
  });
  const timer = new AbortController();
  const late = isLate(isOpen, timeoutMs, timer.signal).then((what) => {
    throw new BrowserError(`${browser.name} (${browser.path}) ${what}`);
  });
  // Whichever comes second has nobody to tell.
  ended.catch(() => {});
  late.catch(() => {});
  try {
    await Promise.race([finished, aborted, ended, late]);
  } finally {
    timer.abort();
    // Without its terminal a driven page ends its run. A browser gives allocations back while it closes a connection, and
    // says nothing when that is done.
    await server.close();
    if (hasOpened) await sleep(RELEASE_MS);
  }
}

/** Resolves to what did not happen in time; never, if all of it does. */
async function isLate(isOpen: Promise<void>, timeoutMs: number, signal: AbortSignal): Promise<string> {
  const started = await Promise.race([isOpen.then(() => true), sleep(START_MS, signal).then(() => false)]);
  if (!started) return `did not open the page within ${START_MS / 1000} s`;
  await sleep(timeoutMs + START_MS, signal);
  return 'opened the page and did not come to an end';
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
