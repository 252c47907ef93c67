import type { EventType, RunEvent } from './events.ts';
import { type Observation, ObservationFold } from './observation.ts';

export const EVENT_LIMIT = 20_000;

/** Single packets: what a run has most of, and what its report needs least. They are the first to go. */
const PACKETS: ReadonlySet<EventType> = new Set<EventType>(['stun-sent', 'stun-received', 'ignored']);

/** What goes next, where there are no packets left to fold: steps whose outcome stands in an event that stays. */
const STEPS: ReadonlySet<EventType> = new Set<EventType>([
  'progress',
  'transaction',
  'relay-data',
  'nat-test',
  'permission',
  'channel',
  'transport-open',
  'transport-closed',
  'candidate-pair',
]);

/**
 * All events of a run, within a bound: past it, the oldest packet events fold into counts. What the report needs was
 * folded into the observation before, so it stays whole; only evidence is lost, and the report says so.
 */
export class EventLog {
  readonly #limit: number;
  readonly #fold = new ObservationFold();
  readonly #folded = new Map<EventType, number>();
  readonly #events: RunEvent[] = [];
  /** How many of each are held. */
  readonly #held: Record<Rank, number> = { packet: 0, step: 0, other: 0, start: 0 };
  #foldedUntilMs = 0;

  constructor(limit = EVENT_LIMIT) {
    this.#limit = Math.max(10, limit);
  }

  /** Bound, so that it can be handed to `Recorder.subscribe`. */
  readonly add = (event: RunEvent): void => {
    this.#fold.add(event);
    this.#events.push(event);
    this.#held[rankOf(event)]++;
    if (this.#events.length > this.#limit) this.#shrink();
  };

  /** What is still held, in order. */
  get events(): readonly RunEvent[] {
    return this.#events;
  }

  /** How many events of each type were folded into counts. */
  get folded(): ReadonlyMap<EventType, number> {
    return this.#folded;
  }

  observation(): Observation {
    const observation = this.#fold.observation();
    const note = this.#note();
    return note === undefined ? observation : { ...observation, notes: [...(observation.notes ?? []), note] };
  }

  #note(): string | undefined {
    if (this.#folded.size === 0) return undefined;
    const counts = [...this.#folded].map(([type, count]) => `${count} ${type}`);
    const until = Math.round(this.#foldedUntilMs);
    return `More than ${this.#limit} events: the oldest, up to ${until} ms, are kept as counts only (${counts.join(', ')}).`;
  }

  /**
   * A tenth at a time, and no more of the list is looked at than it takes to find that many: a run of a million events does
   * not go through the list for each of them.
   */
  #shrink(): void {
    let excess = this.#events.length - this.#limit + Math.floor(this.#limit / 10);
    for (const rank of FOLDED_IN_TURN) {
      if (this.#held[rank] > 0) excess -= this.#foldOldest(excess, rank);
      if (this.#events.length <= this.#limit) return;
    }
  }

  /** Folds that many at most of those, and says how many there were. */
  #foldOldest(most: number, rank: Rank): number {
    const events = this.#events;
    let kept = 0;
    let read = 0;
    for (; read < events.length && read - kept < most; read++) {
      const event = events[read];
      if (event === undefined) break;
      if (rankOf(event) !== rank) events[kept++] = event;
      else {
        this.#folded.set(event.type, (this.#folded.get(event.type) ?? 0) + 1);
        this.#foldedUntilMs = Math.max(this.#foldedUntilMs, event.ms);
      }
    }
    events.splice(kept, read - kept);
    this.#held[rank] -= read - kept;
    return read - kept;
  }
}

type Rank = 'packet' | 'step' | 'other' | 'start';

const FOLDED_IN_TURN = ['packet', 'step', 'other'] as const;

function rankOf({ type }: RunEvent): Rank {
  if (PACKETS.has(type)) return 'packet';
  if (STEPS.has(type)) return 'step';
  return type === 'run-started' ? 'start' : 'other';
}
