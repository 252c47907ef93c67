import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startTurnServer } from '../../src/turn-server/start.ts';
import { openWebPage } from '../support/web-page.ts';

/** What both ends hold after a run. */
interface Moment {
  readonly heapKb: number;
  readonly pageHeapKb: number;
  readonly descriptors: number;
  readonly timers: number;
}

export interface PageSoak {
  /** After the first run, and each tenth of all. */
  readonly moments: readonly Moment[];
  readonly problems: readonly string[];
}

/** With or without `--expose-gc`: what is garbage would count as held. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** How much either side may hold more at the end than half way. */
const HEAP_SLACK_KB = 4096;
const PAGE_SLACK_KB = 6144;

/** The page, run after run against the local server: both vantages, and every allocation given back. */
export async function soakPage(runs: number, say: (line: string) => void): Promise<PageSoak> {
  const problems: string[] = [];
  await using server = await startTurnServer({ lifetimes: { idleStream: 5 } });
  const [{ urls, username, credential } = { urls: [], username: '', credential: '' }] = server.iceServers;
  const iceServers = [{ urls: urls.filter((url) => !url.startsWith('turns:')), username, credential }];
  await using page = await openWebPage('chromium', { iceServers, timeoutMs: 20_000 });
  const moments: Moment[] = [];
  const every = Math.max(1, Math.floor(runs / 10));
  for (let run = 1; run <= runs; run++) {
    await page.run(60_000);
    // The browser gives its allocations back after it said that it is complete.
    const end = performance.now() + 15_000;
    while (server.allocations.length > 0 && performance.now() < end) await wait(20);
    if (server.allocations.length > 0) problems.push(`run ${run}: ${server.allocations.length} allocations are left`);
    if (run % every !== 0 && run !== 1) continue;
    const pageHeap = await page.browser.evaluate<number>('performance.memory.usedJSHeapSize');
    const descriptors = readdirSync('/proc/self/fd').length;
    const moment = {
      heapKb: heapOfThis(),
      pageHeapKb: Math.round(pageHeap / 1024),
      descriptors,
      timers: timersOfThis(),
    };
    moments.push(moment);
    say(
      `run ${run}: ${Object.entries(moment)
        .map(([what, value]) => `${what} ${value}`)
        .join(', ')}`,
    );
  }
  return { moments, problems: [...problems, ...leaksOf(moments)] };
}

function leaksOf(moments: readonly Moment[]): string[] {
  const [first, middle, last] = [moments[0], moments[moments.length >> 1], moments.at(-1)];
  if (first === undefined || middle === undefined || last === undefined) return ['there was no run'];
  const grown = (what: keyof Moment, from: Moment, slack: number): string[] =>
    last[what] > from[what] + slack ? [`${what}: first ${from[what]}, in the end ${last[what]}`] : [];
  return [
    // A socket of the last run may be about to close.
    ...grown('descriptors', first, 4),
    ...grown('timers', first, 4),
    ...grown('heapKb', middle, HEAP_SLACK_KB),
    ...grown('pageHeapKb', middle, PAGE_SLACK_KB),
  ];
}

function heapOfThis(): number {
  collectGarbage();
  return Math.round(process.memoryUsage().heapUsed / 1024);
}

function timersOfThis(): number {
  return process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
}
