import { findBrowser, type InstalledBrowser } from '../../browser/find.ts';
import { VERSION } from '../../core/version.ts';
import { finishRun } from '../../diagnosis/make-report.ts';
import { listInterfaces } from '../../net/interfaces.ts';
import { limited } from '../../net/limit.ts';
import { DEFAULT_TIMEOUT_MS, type GatherOptions } from '../../probe/gather-options.ts';
import { type EventStream, Run } from '../../probe/run.ts';
import { reportedConfiguration } from '../../record/configuration.ts';
import type { EventBody, RunEvent } from '../../record/events.ts';
import type { PageIceServer } from '../../record/page-messages.ts';
import type { Report } from '../../record/report.ts';
import { UsageError } from '../errors.ts';
import type { ValuesOf } from '../options/option.ts';
import type { vantageOptions } from './options.ts';

/** The browser that the options ask for, if they do. Throws {@link UsageError} where there is none, and for contradictions. */
export function chooseBrowser(
  given: ValuesOf<typeof vantageOptions> & { readonly pcap?: string | undefined },
): InstalledBrowser | undefined {
  const hasBrowser = given.vantage === 'browser' || given.vantage === 'both';
  if (given.browser !== undefined && !hasBrowser) {
    throw new UsageError('--browser is of no use without a browser', 'add --vantage browser or --vantage both');
  }
  if (given.pcap !== undefined && hasBrowser) {
    throw new UsageError("--pcap: a browser's packets are its own", 'capture from the terminal alone, or use tcpdump');
  }
  return hasBrowser ? requireBrowser(given.browser) : undefined;
}

/** An installed browser, by name or path where one is wanted. Throws {@link UsageError} where there is none. */
export function requireBrowser(wanted: string | undefined): InstalledBrowser {
  const browser = findBrowser(wanted);
  if (browser !== undefined) return browser;
  throw new UsageError(
    wanted === undefined ? 'no browser is installed here, or none that was found' : `no browser "${wanted}" was found`,
    'install Chrome, Chromium, Edge or Firefox, or give the path of one: --browser PATH',
  );
}

/**
 * Gathers in a browser, and at once has this machine's own sockets ask what they ask, into one report. Throws {@link UsageError} if the
 * browser does not do its part.
 */
export async function observeFromVantages(
  options: GatherOptions & { readonly signal: AbortSignal },
  { browser, command, withEvents, startHere, judge }: Vantages,
  onEvent: (event: RunEvent) => void,
): Promise<Report> {
  // With a web server and its sockets: for those alone who ask for a browser.
  const { BrowserError, gatherWithBrowser } = await import('../../browser/gather.ts');
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const iceTransportPolicy = options.iceTransportPolicy ?? 'all';
  const iceServers = options.iceServers.map(pageServer);
  const run = new Run();
  run.start(command, reportedConfiguration(iceServers, iceTransportPolicy, options.problems), timeoutMs);
  const told = run.tell(onEvent);
  // The terminal tells of the machine itself.
  if (startHere === undefined) run.describeNetwork(listInterfaces());
  run.record({ type: 'progress', text: `gathering in ${browser.name}` });
  // The deadline is that of the run: what a browser needs to start is a part of it.
  using limit = limited(options.signal, timeoutMs);
  const { signal } = limit;
  const tool = { name: 'iceprobe', version: VERSION };
  const page = { iceServers, iceTransportPolicy, timeoutMs, tool, signal, onEvent: shifted(run, 'browser') };
  try {
    await Promise.all([
      gatherWithBrowser(browser, page),
      startHere === undefined ? undefined : include(startHere(), run),
    ]);
  } catch (error) {
    if (!(error instanceof BrowserError)) throw error;
    throw new UsageError(error.message, 'does it start by itself? --browser NAME takes another one');
  }
  noteIfLate(run, browser);
  const report = finishRun(run.log, run.record, { withEvents }, judge);
  run.end();
  await told;
  return report;
}

export interface Vantages {
  readonly browser: InstalledBrowser;
  /** Its name, for the report. */
  readonly command: string;
  readonly withEvents: boolean;
  /** Holds the report to what is expected of it. */
  readonly judge?: ((report: Report) => Report) | undefined;
  /** Starts the terminal's own run; absent where the browser is the only vantage. */
  readonly startHere?: (() => EventStream & { readonly report: Promise<Report> }) | undefined;
}

/** Takes what another run sees into this one. */
export async function include(own: EventStream & { readonly report: Promise<Report> }, run: Run): Promise<Report> {
  const record = shifted(run, 'terminal');
  for await (const event of own) {
    if (event.type !== 'run-started' && event.type !== 'run-finished') record(event);
  }
  return await own.report;
}

/** Puts events of another clock on the run's: that clock began when its first event came. */
function shifted(run: Run, vantage: 'browser' | 'terminal'): (event: RunEvent) => void {
  let offset: number | undefined;
  return ({ seq: _seq, ms, ...body }) => {
    offset ??= run.clock.now() - ms;
    const stamp = { ms: Math.round(1000 * (ms + offset)) / 1000, vantage };
    run.record({ ...body, ...stamp } as EventBody);
  };
}

/** A browser that was cut off before it began is not determined, which an absent gathering would not say. */
function noteIfLate(run: Run, browser: InstalledBrowser): void {
  const began = run.log.events.some((event) => event.vantage === 'browser' && event.type === 'gathering-state');
  if (began) return;
  run.record({
    type: 'note',
    text: `${browser.name} had not begun to gather when the run ended: give it a longer --timeout.`,
  });
  run.record({ type: 'gathering-state', url: null, state: 'new', vantage: 'browser' } as EventBody);
}

/** Handing a credential on is what a peer is for: the browser's connection is one. */
export function pageServer({ urls, username, credential }: GatherOptions['iceServers'][number]): PageIceServer {
  return {
    urls: typeof urls === 'string' ? [urls] : urls,
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined
      ? {}
      : { credential: typeof credential === 'string' ? credential : credential.reveal() }),
  };
}
