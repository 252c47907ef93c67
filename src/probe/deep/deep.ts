import type { RelayFeature, Stage } from '../../core/attempt.ts';
import { endedStage } from '../../core/stun/describe.ts';
import type { FurtherTask } from '../further.ts';
import { bothFamilies, dontFragment, evenPort, mobility } from './features.ts';
import { tcpAllocation } from './tcp-allocation.ts';

const QUESTIONS: readonly ((task: FurtherTask) => Promise<RelayFeature>)[] = [
  tcpAllocation,
  bothFamilies,
  dontFragment,
  evenPort,
  mobility,
];

/** What a relay can do beyond what a call needs, one allocation after the other. What it lacks is no fault. */
export async function deep(task: FurtherTask): Promise<Stage> {
  const { clock } = task.environment;
  const startedAt = clock.now();
  if (!task.allocated) return endedStage('deep', 'skip', startedAt, clock.now(), 'there is no allocation', {});
  const features: RelayFeature[] = [];
  for (const question of QUESTIONS) if (!task.signal.aborted) features.push(await question(task));
  const status = features.some(({ works }) => works === false) ? 'warn' : 'pass';
  return endedStage('deep', status, startedAt, clock.now(), features.map(tell).join('; '), { features });
}

function tell({ feature, supported, works, detail }: RelayFeature): string {
  const word = supported === null ? 'not known' : supported ? (works === false ? 'BROKEN' : 'yes') : 'no';
  return `${feature} ${word} (${detail})`;
}
