import { describe } from 'vitest';
import {
  type ConditionName,
  conditions,
  locate,
  type RequirementName,
  requirements,
} from '../../scripts/requirements.mjs';

export type Need = RequirementName | ConditionName;

/**
 * `describe` for tests that want more than Node. Where a need is not met the tests are skipped, and `npm test` lists
 * what was left out; with `CI=true` nothing may be, so there they fail.
 */
export function describeNeeding(...needs: readonly Need[]): typeof describe | typeof describe.skip {
  const missing = needs.filter((need) => !isMet(need));
  if (missing.length === 0) return describe;
  if (process.env['CI'] === 'true')
    throw new Error(`not available here, and CI may leave nothing out: ${missing.join(', ')}`);
  return describe.skip;
}

export function isMet(need: Need): boolean {
  return isCondition(need) ? conditions[need].isMet() : locate(need) !== undefined;
}

/** The path of a command or folder that a test needs. Throws where it is missing: ask with {@link describeNeeding}. */
export function pathOf(name: RequirementName): string {
  const path = locate(name);
  if (path === undefined) throw new Error(`${name} is missing (Debian package ${requirements[name].package})`);
  return path;
}

function isCondition(need: Need): need is ConditionName {
  return Object.hasOwn(conditions, need);
}
