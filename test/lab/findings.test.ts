import { expect, it } from 'vitest';
import { FINDINGS } from './scenarios/findings.ts';
import { describeInLab } from './support/needs.ts';
import { complaints, runScenario } from './support/run-scenario.ts';
import { turns } from './support/turns.ts';

// Each is short of the machine's two cores for a second: more at once, and packets come late that nothing has held up.
const inTurn = turns(3);

describeInLab('go', 'openssl')('findings that nothing else here raises, and healthy networks', () => {
  it.concurrent.each(FINDINGS.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    expect(complaints(scenario, await inTurn(() => runScenario(scenario)))).toEqual([]);
  });
});
