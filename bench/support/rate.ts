/** One way of doing the same work. Returns something that depends on all of it, so that none can be left out. */
export interface Contestant {
  readonly name: string;
  run(): number;
}

export interface Rate {
  readonly name: string;
  /** Runs a second, the best of the rounds: noise only ever slows down. */
  readonly perSecond: number;
}

/** Measures contestants in turns, so that a busy moment of the machine hits all of them. */
export function measure(contestants: readonly Contestant[], rounds = 8, roundMs = 150): Rate[] {
  const best = new Map<string, number>(contestants.map(({ name }) => [name, 0]));
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const contestant of contestants) {
      const rate = rateOf(contestant, roundMs);
      if (round > 0) best.set(contestant.name, Math.max(best.get(contestant.name) ?? 0, rate));
    }
  }
  return [...best].map(([name, perSecond]) => ({ name, perSecond }));
}

function rateOf(contestant: Contestant, ms: number): number {
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  do {
    for (let i = 0; i < 64; i++) sink += contestant.run();
    runs += 64;
    elapsed = performance.now() - start;
  } while (elapsed < ms);
  return (runs * 1000) / elapsed;
}

let sink = 0;

/** The sum of all results, for a last line that keeps them alive. */
export function checksum(): number {
  return sink;
}

/** Rates as aligned text, each with how it compares to the first. */
export function table(rates: readonly Rate[]): string {
  const [first] = rates;
  const width = Math.max(...rates.map(({ name }) => name.length));
  return rates
    .map(({ name, perSecond }) => {
      const ratio = first === undefined ? 1 : first.perSecond / perSecond;
      const times =
        ratio >= 1 ? `${ratio.toFixed(2)} times slower than the first` : `${(1 / ratio).toFixed(2)} times faster`;
      return `  ${name.padEnd(width)}  ${(perSecond / 1000).toFixed(1).padStart(8)} k/s  ${name === first?.name ? '' : times}`;
    })
    .join('\n');
}
