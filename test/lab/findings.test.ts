import { expect, it } from 'vitest';
import { FINDINGS } from './scenarios/findings.ts';
import { describeInLab } from './support/needs.ts';
import { complaints, runScenario } from './support/run-scenario.ts';

describeInLab('go', 'openssl')('findings that nothing else here raises, and healthy networks', () => {
  it.concurrent.each(FINDINGS.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    expect(complaints(scenario, await runScenario(scenario))).toEqual([]);
  });
});
