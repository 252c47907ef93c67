import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take from half a minute to two minutes, the longest first; most of each is waiting. */
const LONGEST = [
  'lab/relay',
  'lab/oracle',
  'lab/call',
  'lab/prediction',
  'lab/fixes',
  'lab/scenarios',
  'interop/monitor-fleet',
  'interop/turn-server-uclient',
  'interop/call',
  'interop/call-browsers',
  'interop/soak',
  'interop/browser/gather',
];

/**
 * The longest files first: one that begins last keeps all but one worker idle until its end. Without a cache of earlier runs,
 * as in a fresh clone, vitest goes by the size of the files, which says nothing of the time they take.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return rank === -1 ? LONGEST.length : rank;
}
