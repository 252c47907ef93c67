import { expect, it } from 'vitest';
import { SCENARIOS } from './scenarios/all.ts';
import { BLINK } from './scenarios/common.ts';
import { describeInLab } from './support/needs.ts';
import { complaints, type Outcome, runScenario } from './support/run-scenario.ts';
import type { Scenario } from './support/scenario.ts';
import { turns } from './support/turns.ts';

const inTurn = turns(2);

describeInLab(
  'go',
  'pion',
  'openssl',
)('scenarios', () => {
  const named = (all: readonly Scenario[]) => all.map((scenario) => [scenario.name, scenario] as const);
  const met = async (_: string, scenario: Scenario): Promise<void> => {
    // Those that wait for silence may do so together; those that are timed closely must not fight over two cores.
    const run = (): Promise<Outcome> => runScenario(scenario);
    const outcome = scenario.expect.withinMs > BLINK ? await run() : await inTurn(run);
    expect(complaints(scenario, outcome)).toEqual([]);
  };

  it.concurrent.each(named(SCENARIOS.filter(({ awaits }) => awaits === undefined)))('%s', met);

  // What is still to come: each of these fails as soon as it is met, and then has to move up.
  it.concurrent.fails.each(named(SCENARIOS.filter(({ awaits }) => awaits !== undefined)))('not yet: %s', met);
});
