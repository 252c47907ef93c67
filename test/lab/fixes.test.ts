import { expect, it } from 'vitest';
import { GOOD } from './scenarios/common.ts';
import { MENDINGS, type Mending, mended, wordsOf } from './scenarios/fixes.ts';
import { describeInLab } from './support/needs.ts';
import { type Outcome, runScenario } from './support/run-scenario.ts';
import type { ScenarioServer } from './support/scenario.ts';

describeInLab('openssl')('the fix that is printed mends it', () => {
  it.concurrent.each(MENDINGS.map((mending) => [mending.finding, mending] as const))('%s', async (id, mending) => {
    const before = await run(mending, mending.broken);
    const findings = before.report?.findings ?? [];
    const found = findings.find((each) => each.id === id);
    expect(found, told(before)).toBeDefined();
    // A remark stands behind what is worse, and in no order among its like.
    if (found?.severity !== 'info') expect(findings[0]?.id, told(before)).toBe(id);
    // What is applied is what was printed, and nothing else.
    for (const step of mending.steps) expect(found?.fix).toContain(wordsOf(step));
    const after = await run(mending, mended(mending));
    expect(
      after.report?.findings.map((each) => each.id),
      told(after),
    ).not.toContain(id);
    if (found?.severity === 'info') return;
    expect(graveIn(after), told(after)).toEqual([]);
    expect(after, told(after)).toMatchObject({ exitCode: 0, report: { verdict: 'ok' } });
  });
});

function run({ finding, network = 'eim-apdf', zone, at, command }: Mending, server: ScenarioServer): Promise<Outcome> {
  return runScenario({
    name: finding,
    network,
    servers: [server, GOOD],
    ...(zone === undefined ? {} : { zone }),
    ...(at === undefined ? {} : { at }),
    command,
    expect: { first: finding, exitCode: 1, withinMs: 30_000 },
  });
}

function graveIn({ report }: Outcome): string[] {
  return (report?.findings ?? [])
    .filter(({ severity }) => severity === 'error' || severity === 'warning')
    .map(({ id }) => id);
}

function told({ report, stderr, exitCode }: Outcome): string {
  return `exit ${exitCode}; ${report?.findings.map(({ id, detail }) => `${id}: ${detail}`).join('; ') ?? 'no report'}\n${stderr}`;
}
