import { expect, it } from 'vitest';
import { describeNeeding } from '../support/needs.ts';
import { runEpisodes } from './episodes/run.ts';
import { claimsOf, confusionTable } from './episodes/table.ts';

describeNeeding(
  'namespaces',
  'ip',
  'nft',
  'coturn',
  'go',
  'pion',
  'openssl',
)('thirty episodes drawn by a seed', () => {
  it('are judged rightly', async () => {
    const judgements = await runEpisodes({ seed: 1, healthy: 15, faulty: 15 });
    const table = confusionTable(judgements);
    console.log(table);
    const wrong = judgements.filter(({ verdict }) => verdict === 'wrong');
    expect(wrong, table).toEqual([]);
    const certain = claimsOf(judgements, 'certain');
    expect(certain.right, table).toBe(certain.total);
    // Of what can be told from there, all but one in ten first: fewer is a rule that was lost.
    const clear = judgements.filter(({ healthy, row }) => !healthy && !row.endsWith('(cannot be told)'));
    const first = clear.filter(({ verdict }) => verdict === 'named-first');
    expect(first.length / clear.length, table).toBeGreaterThanOrEqual(0.9);
  });
});
