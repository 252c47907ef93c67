import { expect, it } from 'vitest';
import { AUDITS } from './scenarios/audit.ts';
import { DEEP } from './scenarios/deep.ts';
import { RELAY } from './scenarios/relay.ts';
import { RATES } from './scenarios/soak.ts';
import { describeInLab } from './support/needs.ts';
import { complaints, runScenario } from './support/run-scenario.ts';
import { turns } from './support/turns.ts';

describeInLab('go', 'pion')('probe and doctor', () => {
  // Each is short of the machine's two cores for a second and waits for the rest of its time.
  const inTurn = turns(3);
  it.concurrent.each([...RELAY, ...AUDITS, ...DEEP, ...RATES].map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    async (_, scenario) => {
      expect(complaints(scenario, await inTurn(() => runScenario(scenario)))).toEqual([]);
    },
  );
});
