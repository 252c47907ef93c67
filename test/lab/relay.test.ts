import { expect, it } from 'vitest';
import { describeNeeding } from '../support/needs.ts';
import { AUDITS } from './scenarios/audit.ts';
import { DEEP } from './scenarios/deep.ts';
import { RELAY } from './scenarios/relay.ts';
import { RATES } from './scenarios/soak.ts';
import { complaints, runScenario } from './support/run-scenario.ts';

describeNeeding(
  'namespaces',
  'ip',
  'nft',
  'coturn',
  'go',
  'pion',
)('probe and doctor', () => {
  // Each is short of the machine's two cores for a second and waits for the rest of its time.
  it.each([...RELAY, ...AUDITS, ...DEEP, ...RATES].map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    async (_, scenario) => {
      expect(complaints(scenario, await runScenario(scenario))).toEqual([]);
    },
  );
});
