import type { AllocationSnapshot } from '../core/turn/server/allocation.ts';
import type { TurnServerEvent } from '../core/turn/server/io.ts';
import type { WaitForAllocation } from './start.ts';

/** Counts what was relayed and lets tests wait for allocations. */
export class AllocationWatch {
  readonly #live: () => readonly AllocationSnapshot[];
  readonly #waiting = new Set<Waiter>();
  /** Of allocations that ended. */
  #bytesBefore = 0;

  constructor(live: () => readonly AllocationSnapshot[]) {
    this.#live = live;
  }

  get bytesRelayed(): number {
    return this.#live().reduce((sum, each) => sum + each.bytesToPeers + each.bytesToClient, this.#bytesBefore);
  }

  onEvent(event: TurnServerEvent): void {
    if (event.type === 'allocation-ended') {
      this.#bytesBefore += event.allocation.bytesToPeers + event.allocation.bytesToClient;
    } else if (event.type === 'allocation-created') {
      for (const waiter of [...this.#waiting]) if (waiter.matches(event.allocation)) waiter.resolve(event.allocation);
    } else if (event.type === 'rejected' && !event.challenge) {
      for (const waiter of this.#waiting) waiter.refused.push(`${event.method}: ${event.code} ${event.reason}`);
    }
  }

  wait(wanted: WaitForAllocation): Promise<AllocationSnapshot> {
    const matches = (each: AllocationSnapshot): boolean =>
      (wanted.transport === undefined || each.transport === wanted.transport) &&
      (wanted.username === undefined || each.username === wanted.username);
    const present = this.#live().find(matches);
    if (present !== undefined) return Promise.resolve(present);
    const timeoutMs = wanted.timeoutMs ?? 10_000;
    return new Promise((resolve, reject) => {
      const refused: string[] = [];
      const leave = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        matches,
        refused,
        resolve(allocation) {
          leave();
          resolve(allocation);
        },
        fail(why) {
          leave();
          const last = refused.length === 0 ? '' : `; refused: ${[...new Set(refused)].slice(-5).join(', ')}`;
          reject(new Error(`no allocation: ${why}${last}`));
        },
      };
      const timer = setTimeout(() => waiter.fail(`none in ${timeoutMs} ms`), timeoutMs);
      this.#waiting.add(waiter);
    });
  }

  close(): void {
    for (const waiter of [...this.#waiting]) waiter.fail('the server was closed');
  }
}

interface Waiter {
  readonly matches: (allocation: AllocationSnapshot) => boolean;
  readonly refused: string[];
  resolve(allocation: AllocationSnapshot): void;
  fail(why: string): void;
}
