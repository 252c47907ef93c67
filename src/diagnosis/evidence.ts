import type { StageName } from '../core/attempt.ts';
import type { RunEvent } from '../record/events.ts';
import type { Attempt } from '../record/report.ts';

const MOST_EVIDENCE = 12;

/** Finds the events behind a conclusion. */
export class EvidenceIndex {
  readonly #byTransport = new Map<string, RunEvent[]>();
  readonly #stagesByAttempt = new Map<string, RunEvent[]>();
  readonly #all: readonly RunEvent[];

  constructor(events: readonly RunEvent[]) {
    this.#all = events;
    for (const event of events) {
      if (event.type === 'stage' && event.attempt !== null) push(this.#stagesByAttempt, event.attempt.id, event);
      else if ('transport' in event && typeof event.transport === 'string') {
        push(this.#byTransport, event.transport, event);
      }
    }
  }

  /** The end of a stage, and what its transport saw: failures, outcomes of transactions, odd packets, error answers. */
  ofStage(attempt: Attempt, name: StageName): RunEvent[] {
    const stages = (this.#stagesByAttempt.get(attempt.id) ?? []).filter(
      (event) => event.type === 'stage' && event.stage === name,
    );
    const transports = new Set(stages.flatMap((event) => (event.type === 'stage' ? (event.transport ?? []) : [])));
    const seen = [...transports].flatMap((id) => (this.#byTransport.get(id) ?? []).filter(isTelling));
    return bounded([...seen, ...stages]);
  }

  /** All events of one transport that an attempt used. */
  ofAttempt(attempt: Attempt): RunEvent[] {
    const stages = this.#stagesByAttempt.get(attempt.id) ?? [];
    const transports = new Set(stages.flatMap((event) => (event.type === 'stage' ? (event.transport ?? []) : [])));
    return [...transports].flatMap((id) => this.#byTransport.get(id) ?? []);
  }

  where(test: (event: RunEvent) => boolean): RunEvent[] {
    return bounded(this.#all.filter(test));
  }
}

/** In order, none twice, and the latest of them where there are too many. */
export function bounded(events: readonly RunEvent[]): RunEvent[] {
  return [...new Set(events)].toSorted((a, b) => a.seq - b.seq).slice(-MOST_EVIDENCE);
}

function isTelling(event: RunEvent): boolean {
  switch (event.type) {
    case 'transport-failed':
    case 'ignored':
    case 'tls':
    case 'transaction':
      return true;
    case 'transport-closed':
      return event.by !== 'us';
    case 'stun-received':
      return event.class === 'error';
    default:
      return false;
  }
}

function push(map: Map<string, RunEvent[]>, key: string, event: RunEvent): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [event]);
  else list.push(event);
}
