import { expect, it } from 'vitest';
import { runEpisodes } from './episodes/run.ts';
import { claimsOf, confusionTable } from './episodes/table.ts';
import { describeInLab } from './support/needs.ts';

describeInLab(
  'go',
  'pion',
  'openssl',
)('thirty episodes drawn by a seed', () => {
  it.each([
    ['gather', 8],
    ['doctor', 7],
  ] as const)('%s says what is wrong, and nothing where nothing is', async (asked, half) => {
    const judgements = await runEpisodes({ seed: 1, asked, healthy: half, faulty: half });
    const table = confusionTable(judgements);
    console.log(`${asked}\n${table}`);
    const wrong = judgements.filter(({ verdict }) => verdict === 'wrong');
    expect(wrong, table).toEqual([]);
    const certain = claimsOf(judgements, 'certain');
    expect(certain.right, table).toBe(certain.total);
    // Of what can be told from there, most comes first: fewer is a rule that was lost.
    const clear = judgements.filter(({ healthy, row }) => !healthy && !row.endsWith('(cannot be told)'));
    const first = clear.filter(({ verdict }) => verdict === 'named-first');
    expect(first.length / clear.length, table).toBeGreaterThanOrEqual(0.8);
  });
});
