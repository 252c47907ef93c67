import { expect, it } from 'vitest';
import { SOAKS } from './scenarios/soak.ts';
import { describeInLab } from './support/needs.ts';
import { complaints, runScenario } from './support/run-scenario.ts';

describeInLab()('probe --soak', () => {
  // All they do is wait, so they may do that together.
  it.concurrent.each(SOAKS.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    expect(complaints(scenario, await runScenario(scenario))).toEqual([]);
  });
});
