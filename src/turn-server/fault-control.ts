import { parseFaults } from '../core/turn/server/faults/parse.ts';
import type { FaultPlan } from '../core/turn/server/faults/plan.ts';
import type { TurnServerDriver } from './driver.ts';
import type { Entrances } from './entrances.ts';
import { TurnServerOptionError } from './options.ts';

/** @throws TurnServerOptionError for a specification that is none */
export function planOf(specs: readonly string[]): FaultPlan {
  const plan = parseFaults(specs);
  if (!plan.ok) throw new TurnServerOptionError(`faults: ${plan.error.spec}: ${plan.error.message}`);
  return plan.value;
}

/** Tells the machine and the ports what shall go wrong, one plan after the other. */
export class FaultControl {
  readonly #driver: TurnServerDriver;
  readonly #entrances: Entrances;
  /** When the ports are as the last plan wanted them. */
  settled: Promise<void> = Promise.resolve();

  constructor(driver: TurnServerDriver, entrances: Entrances) {
    this.#driver = driver;
    this.#entrances = entrances;
  }

  set(plan: FaultPlan, seed: number): Promise<void> {
    this.#driver.handle({ type: 'set-faults', plan, seed });
    const applied = this.settled.then(async () => {
      await this.#entrances.apply(plan.sockets);
      await this.#driver.bound();
    });
    this.settled = applied.catch(() => {});
    return applied;
  }
}
