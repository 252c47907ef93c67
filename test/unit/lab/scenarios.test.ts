import { describe, expect, it } from 'vitest';
import { EVERY_SCENARIO, SCENARIOS } from '../../lab/scenarios/all.ts';
import { checkScenario } from '../../lab/support/scenario.ts';

const [SOME] = SCENARIOS;

describe('scenarios as data', () => {
  it('have names of their own and no key that is not known', () => {
    for (const scenario of EVERY_SCENARIO) checkScenario(scenario);
    expect(new Set(EVERY_SCENARIO.map(({ name }) => name)).size).toBe(EVERY_SCENARIO.length);
  });

  it.each([
    [{ name: 'x' }, 'scenario.network: missing'],
    [{ ...SOME, commands: [] }, 'scenario.commands: no such key'],
    [{ ...SOME, network: 'nowhere' }, 'there is no network "nowhere"'],
    [{ ...SOME, network: { nats: [{ mapping: 'x', filter: 'y' }] } }, 'scenario.network.nats[0].filter: no such key'],
    [{ ...SOME, servers: [{ turn: [{ kind: 'coturn', relm: '' }] }] }, 'scenario.servers[0].turn[0].relm: no such key'],
    [{ ...SOME, servers: {} }, 'scenario.servers: a list is expected'],
    [{ ...SOME, expect: { first: 'none', exitCode: 0 } }, 'scenario.expect.withinMs: missing'],
    [{ ...SOME, expect: { ...SOME?.expect, forbiden: [] } }, 'scenario.expect.forbiden: no such key'],
  ])('refuses %j', (data, message) => {
    expect(() => checkScenario(data)).toThrow(message);
  });
});
