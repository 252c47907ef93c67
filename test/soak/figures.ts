/** What a process holds at a moment, garbage left out. */
export interface Figures {
  /** Heap and buffers. */
  readonly heapKb: number;
  readonly rssKb: number;
  readonly descriptors: number;
  readonly timers: number;
  readonly sockets: number;
  readonly children: number;
  readonly allocations: number;
  /** Bytes of application data so far. */
  readonly relayed: number;
}

/** How much more memory a later moment may hold: what an engine keeps of code that ran, and no more however long it runs. */
const HEAP_SLACK_KB = 4096;
const RSS_SLACK_KB = 65_536;

/**
 * What did not come back: from the first pause, after which everything has been used once, to the last. Empty where all did.
 * Memory may still grow at first; so the later half is held to its own beginning.
 */
export function leaks(pauses: readonly Figures[]): string[] {
  const [first] = pauses;
  const last = pauses.at(-1);
  const middle = pauses[pauses.length >> 1];
  if (first === undefined || last === undefined || middle === undefined) return ['there was no pause'];
  const problems = (['descriptors', 'timers', 'sockets', 'children', 'allocations'] as const).flatMap((what) =>
    last[what] > first[what] ? [`${what}: ${first[what]} after the first round, ${last[what]} after the last`] : [],
  );
  for (const [what, slack] of [
    ['heapKb', HEAP_SLACK_KB],
    ['rssKb', RSS_SLACK_KB],
  ] as const) {
    if (last[what] > middle[what] + slack) problems.push(`${what}: ${middle[what]} half way, ${last[what]} at the end`);
  }
  return problems;
}

export function showFigures(figures: Figures): string {
  const { heapKb, rssKb, descriptors, timers, sockets, children, allocations, relayed } = figures;
  return (
    `heap ${(heapKb / 1024).toFixed(1)} MB, resident ${(rssKb / 1024).toFixed(0)} MB, ${descriptors} descriptors, ` +
    `${timers} timers, ${sockets} sockets, ${children} children, ${allocations} allocations, ${(relayed / 1e6).toFixed(1)} MB relayed`
  );
}
