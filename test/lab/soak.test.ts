import { expect, it } from 'vitest';
import { describeNeeding } from '../support/needs.ts';
import { SOAKS } from './scenarios/soak.ts';
import { complaints, runScenario } from './support/run-scenario.ts';

describeNeeding(
  'namespaces',
  'ip',
  'nft',
  'coturn',
)('probe --soak', () => {
  // All they do is wait, so they may do that together.
  it.concurrent.each(SOAKS.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    expect(complaints(scenario, await runScenario(scenario))).toEqual([]);
  });
});
