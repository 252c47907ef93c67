import type { RunEvent } from '../../record/events.ts';
import type { Conclusion } from '../conclusion.ts';
import type { View } from '../view.ts';
import { gatheringsOfAll } from './gatherings.ts';

type StageEvent = Extract<RunEvent, { readonly type: 'stage' }>;

const ACCESS = ['resolve', 'connect', 'tls', 'binding', 'challenge', 'allocate'];

/** "Complete" came long after the slowest good server: who held it up, and what leaving it out would save. */
export function slowGathering(view: View): Conclusion[] {
  const stages = view.events.filter(isAccess).filter((event) => event.control === undefined);
  const ends = endsOf(stages);
  return gatheringsOfAll(view).flatMap((gathering): Conclusion[] => {
    if (gathering.vantage !== 'terminal') return [];
    const from = gathering.states.find(({ state }) => state === 'gathering')?.ms ?? 0;
    const complete = gathering.states.at(-1)?.ms ?? 0;
    const good = ends.filter(({ last }) => last.status === 'pass' || last.status === 'warn');
    const bad = ends.filter(({ last }) => last.status === 'fail' || last.status === 'unknown');
    const goodEnd = Math.max(from, ...good.map(({ last }) => last.ms));
    const culprits = bad.filter(({ last }) => last.ms > goodEnd).toSorted((a, b) => b.last.ms - a.last.ms);
    const [worst] = culprits;
    if (worst === undefined || complete - goodEnd <= view.thresholds.gatheringMs) return [];
    const urls = [...new Set(culprits.map(({ url }) => url))];
    return [
      {
        id: 'ice.slow-gathering',
        subject: worst.url,
        urls,
        confidence: 'certain',
        params: {
          completeMs: complete - from,
          savedMs: complete - goodEnd,
          url: worst.url,
          culprits: urls,
          family: worst.last.attempt === null ? null : worst.last.attempt.family,
          interfaces: [...new Set(culprits.flatMap(({ last }) => last.attempt?.interface ?? []))],
          stage: worst.last.stage,
          problem: worst.last.detail,
        },
        evidence: culprits.map(({ last }) => last).slice(0, 6),
      },
    ];
  });
}

interface End {
  readonly url: string;
  readonly last: StageEvent;
}

/** The last stage of each attempt on the way to its answer. */
function endsOf(stages: readonly StageEvent[]): End[] {
  const last = new Map<string, End>();
  for (const event of stages)
    last.set(`${event.url} ${event.attempt?.id ?? 'resolve'}`, { url: event.url, last: event });
  return [...last.values()];
}

function isAccess(event: RunEvent): event is StageEvent {
  return event.type === 'stage' && ACCESS.includes(event.stage) && event.status !== 'skip';
}
