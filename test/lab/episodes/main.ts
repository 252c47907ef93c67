// npm run lab [-- --full] [--doctor] [--seed N] [--healthy N] [--faulty N] [--only SEED [--times N]]
import { parseArgs } from 'node:util';
import { isMet } from '../../support/needs.ts';
import { LAB_NEEDS } from '../support/needs.ts';
import type { Asked } from './draft.ts';
import { drawEpisode } from './draw.ts';
import type { Judgement } from './judge.ts';
import { runEpisode, runEpisodes } from './run.ts';
import { confusionTable } from './table.ts';

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    doctor: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    healthy: { type: 'string' },
    faulty: { type: 'string' },
    only: { type: 'string' },
    times: { type: 'string', default: '1' },
  },
});
const asked: Asked = values.doctor ? 'doctor' : 'gather';
const needs = [...LAB_NEEDS, 'go', 'pion', 'openssl'] as const;
const missing = needs.filter((need) => !isMet(need));
if (missing.length > 0) throw new Error(`not available here: ${missing.join(', ')}`);

if (values.only !== undefined) await runOne(Number(values.only), Number(values.times));
else await runAll();

async function runAll(): Promise<void> {
  const half = values.full ? 300 : 15;
  const wanted = {
    seed: Number(values.seed),
    asked,
    healthy: Number(values.healthy ?? half),
    faulty: Number(values.faulty ?? half),
  };
  const started = performance.now();
  const judgements = await runEpisodes(wanted, (judgement) => process.stderr.write(progress(judgement)));
  process.stderr.write('\n');
  for (const judgement of judgements.filter(isNoteworthy)) console.log(tell(judgement));
  console.log(confusionTable(judgements));
  console.log(
    `${asked}, seed ${wanted.seed}: ${judgements.length} episodes in ${Math.round((performance.now() - started) / 1000)} s`,
  );
}

/** One episode again, with all that was said; several times until it goes wrong, for what goes wrong by chance. */
async function runOne(seed: number, times: number): Promise<void> {
  const episode = drawEpisode(seed, asked);
  for (let i = 1; i <= times; i++) {
    const { judgement, outcome } = await runEpisode(episode);
    if (i === times || isNoteworthy(judgement)) {
      console.log(JSON.stringify(episode, null, 2));
      console.log(outcome.stdout, outcome.stderr);
      console.log(tell(judgement));
      return;
    }
  }
}

function isNoteworthy({ verdict, locusRight, claims }: Judgement): boolean {
  return verdict === 'wrong' || locusRight === false || claims.some(({ right }) => !right);
}

function tell({ seed, verdict, story, said, locusRight }: Judgement): string {
  return `seed ${seed}: ${verdict}${locusRight === false ? ', wrong locus' : ''}\n  made: ${story}\n  said: ${said}`;
}

function progress({ verdict }: Judgement): string {
  return { 'named-first': '.', named: 'n', 'not-determined': '?', wrong: 'W' }[verdict];
}
