import { cpus } from 'node:os';
import { type Outcome, prepare, runIceprobe } from '../support/run-scenario.ts';
import type { Asked } from './draft.ts';
import { drawEpisode, type Episode } from './draw.ts';
import { type Judgement, judge } from './judge.ts';

/** What a run consists of: so many healthy and so many faulty episodes, from a seed on. */
export interface EpisodeCounts {
  readonly seed: number;
  readonly asked: Asked;
  readonly healthy: number;
  readonly faulty: number;
}

/** Runs them, several at a time since most of each is waiting; `told` hears each as it ends. */
export async function runEpisodes(
  wanted: EpisodeCounts,
  told: (judgement: Judgement) => void = () => {},
): Promise<Judgement[]> {
  const episodes = drawEpisodes(wanted);
  const judgements: Judgement[] = [];
  const next = episodes.values();
  const worker = async (): Promise<void> => {
    for (const episode of next) {
      const { judgement } = await runEpisode(episode);
      judgements.push(judgement);
      told(judgement);
    }
  };
  await Promise.all(Array.from({ length: 2 * cpus().length }, worker));
  return judgements.sort((a, b) => a.seed - b.seed);
}

export function drawEpisodes({ seed, asked, healthy, faulty }: EpisodeCounts): Episode[] {
  const draw = (count: number, odd: 0 | 1): Episode[] =>
    Array.from({ length: count }, (_, i) => drawEpisode(seed * 10_000 + 2 * i + odd, asked));
  return [...draw(healthy, 0), ...draw(faulty, 1)];
}

const DEADLINE_MS = 40_000;

export async function runEpisode(episode: Episode): Promise<{ judgement: Judgement; outcome: Outcome }> {
  await using lab = await prepare(episode);
  const outcome = await runIceprobe(lab, episode.command, { env: episode.env, deadlineMs: DEADLINE_MS });
  return { judgement: judge(episode, outcome.report, outcome.durationMs), outcome };
}
