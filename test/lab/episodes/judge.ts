import type { Locus } from '../../../src/record/finding.ts';
import type { Report } from '../../../src/record/report.ts';
import { firstFinding } from '../support/run-scenario.ts';
import type { Episode } from './draw.ts';
import type { Fault } from './truth.ts';

export type Verdict = 'named-first' | 'named' | 'not-determined' | 'wrong';

export interface Claim {
  readonly id: string;
  readonly confidence: string;
  readonly right: boolean;
  /** What was observed, as the report puts it. */
  readonly detail: string;
}

/** What became of one episode. */
export interface Judgement {
  readonly seed: number;
  readonly story: string;
  readonly healthy: boolean;
  /** The row of the table: the first fault's name, or `healthy`. */
  readonly row: string;
  /** For a healthy episode: `named-first` if nothing was said to be wrong. */
  readonly verdict: Verdict;
  /** Whether the first finding points at the right party; undefined where it names no true fault. */
  readonly locusRight: boolean | undefined;
  /** Every error and warning: how sure it was, and whether it is true. */
  readonly claims: readonly Claim[];
  readonly durationMs: number;
  /** What was said, shortly. */
  readonly said: string;
}

/** Holds a report to the truth. A run that printed none is wrong. */
export function judge(episode: Episode, report: Report | undefined, durationMs: number): Judgement {
  const { seed, story, faults, trueHere } = episode;
  const claims = (report?.findings ?? [])
    .filter(({ severity }) => severity === 'error' || severity === 'warning')
    .map(({ id, confidence, detail }) => ({
      id,
      confidence,
      detail,
      right: trueHere.includes(id) || faults.some(({ ids, tolerated }) => ids.includes(id) || tolerated.includes(id)),
    }));
  // A remark names what it speaks of where no error or warning comes before it.
  const remark = report?.findings.find(({ id }) => faults.some(({ ids }) => ids.includes(id)));
  const first = report === undefined ? undefined : (firstFinding(report) ?? remark);
  const named = faults.find(({ ids }) => first !== undefined && ids.includes(first.id));
  return {
    seed,
    story,
    healthy: faults.length === 0,
    row: faults[0] === undefined ? 'healthy' : `${faults[0].name}${faults[0].identifiable ? '' : ' (cannot be told)'}`,
    verdict: report === undefined ? 'wrong' : verdictOf(episode, first?.id, claims),
    locusRight: named === undefined || first === undefined ? undefined : lociOf(named).includes(first.locus),
    claims,
    durationMs,
    said: report === undefined ? 'no report' : claims.map(tell).join(', ') || 'nothing',
  };
}

function verdictOf({ faults }: Episode, first: string | undefined, claims: Judgement['claims']): Verdict {
  if (faults.length === 0) return claims.every(({ right }) => right) ? 'named-first' : 'wrong';
  if (first !== undefined && faults.some(({ ids }) => ids.includes(first))) return 'named-first';
  if (claims.some(({ id }) => faults.some(({ ids }) => ids.includes(id)))) return 'named';
  // Doubt, or only symptoms: an honest answer; a cause that is not there is none.
  return claims.every(({ right }) => right) ? 'not-determined' : 'wrong';
}

function tell({ id, confidence, right, detail }: Claim): string {
  return `${id} (${confidence})${right ? '' : `: ${detail}`}`;
}

/** Where a cause cannot be told from another one, that it is not known where it lies is the right answer too. */
function lociOf({ loci, identifiable }: Fault): readonly Locus[] {
  return identifiable ? loci : [...loci, 'unknown'];
}
