import { expect, it } from 'vitest';
import { describeNeeding } from '../support/needs.ts';
import { FINDINGS } from './scenarios/findings.ts';
import { complaints, runScenario } from './support/run-scenario.ts';

describeNeeding(
  'namespaces',
  'ip',
  'nft',
  'coturn',
  'go',
  'openssl',
)('findings that nothing else here raises, and healthy networks', () => {
  it.concurrent.each(FINDINGS.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    expect(complaints(scenario, await runScenario(scenario))).toEqual([]);
  });
});
