import type { StageData, StageName } from '../../attempt.ts';
import { describeFailure, endedStage } from '../../stun/describe.ts';
import type { Instant } from '../../time.ts';
import type { RequestId, TurnResult } from './types.ts';

/** Of a request that cannot be made because there is no allocation. */
export function withoutAllocation(stage: StageName, id: RequestId, now: Instant): TurnResult {
  const data: StageData = { cause: 'not-run', problem: 'there is no allocation' };
  return { type: 'stage', id, stage: endedStage(stage, 'skip', now, now, describeFailure(data), data) };
}
