import { describe, expect, it } from 'vitest';
import { readCorpus, readRegressions } from '../fuzz/corpus.ts';
import { InputMaker, MOST_MS, runOne } from '../fuzz/engine.ts';
import { demand, type FuzzTarget, utf8 } from '../fuzz/target.ts';
import { TARGETS } from '../fuzz/targets/index.ts';

/** The long form is `npm run fuzz`: guided by what inputs reach, for as long as one likes. */
const INPUTS = 300;

const MACHINES = ['gatherer', 'turn-client', 'turn-server'];

/** What a regression chooses at random: whichever it was that broke, it is among these. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

describe.each(TARGETS.map((target) => [target.name, target] as const))('%s', (_name, target) => {
  const regressions = [...readRegressions(target.name)];
  if (regressions.length > 0) {
    it.each(regressions)('takes what once broke it: %s', async (_what, input) => {
      for (const seed of SEEDS) await runOne(target, input, seed);
    });
  }

  it(`takes its seeds, its corpus, and ${INPUTS} inputs made of them`, { timeout: 60_000 }, async () => {
    const maker = new InputMaker(target, 1, readCorpus(target.name));
    const counts = { refused: 0, read: 0 };
    for (const input of maker.pool) counts[await runOne(target, input, 1)]++;
    for (let n = 0; n < INPUTS; n++) {
      const { input, seed } = maker.make(n);
      counts[await runOne(target, input, seed)]++;
    }
    // A target that refuses everything, or nothing, tests nothing; machines take what comes.
    expect(counts.read).toBeGreaterThan(INPUTS / 100);
    if (!MACHINES.includes(target.name)) expect(counts.refused).toBeGreaterThan(INPUTS / 100);
  });
});

describe('the fuzzer', () => {
  const target = (run: FuzzTarget['run']): FuzzTarget => ({
    name: 'a parser with a defect',
    reads: 'anything',
    words: [],
    maxBytes: 8000,
    seeds: () => [utf8('{"a":[1,2,3]}'), utf8('hello')],
    run,
  });

  async function findsFault(run: FuzzTarget['run'], mostMs = MOST_MS): Promise<string> {
    const maker = new InputMaker(target(run), 1);
    for (let n = 0; n < 2000; n++) {
      const { input, seed } = maker.make(n);
      try {
        await runOne(target(run), input, seed, mostMs);
      } catch (error) {
        return String(error);
      }
    }
    return 'nothing';
  }

  it('finds a parser that throws, one that breaks its promise, and one that is slow', { timeout: 60_000 }, async () => {
    expect(await findsFault((input) => (JSON.parse(Buffer.from(input).toString()) === 1 ? 'read' : 'refused'))).toMatch(
      /SyntaxError/,
    );
    expect(
      await findsFault((input) => {
        demand(!Buffer.from(input).includes('__proto__'), 'it is polluted');
        return 'read';
      }),
    ).toMatch(/it is polluted/);
    const slow = (input: Uint8Array) => {
      const start = process.cpuUsage();
      while (input.length > 4000 && process.cpuUsage(start).user < 250_000);
      return 'read' as const;
    };
    expect(await findsFault(slow, 200)).toMatch(/bytes take/);
  });

  it('makes the same inputs from the same seed', () => {
    const make = (seed: number) =>
      Array.from({ length: 50 }, (_, n) =>
        Buffer.from(
          new InputMaker(
            target(() => 'read'),
            seed,
          ).make(n).input,
        ).toString('hex'),
      );
    expect(make(7)).toEqual(make(7));
    expect(make(7)).not.toEqual(make(8));
  });
});
