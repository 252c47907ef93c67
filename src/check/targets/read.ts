import { optional } from '../../core/optional.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { JsonSchema } from '../../record/json-schema.ts';
import { type ExpectationKey, type Expectations, readExpectations } from '../expectations.ts';
import schema from './config.schema.json' with { type: 'json' };
import type { IceprobeConfig, ScheduleConfig, TargetConfig, TargetDefaults } from './config.ts';
import type { ConfigProblem } from './problem.ts';
import { problemsOf } from './validate.ts';

/** A configuration whose form is right. What the environment holds was not asked yet. */
export interface TargetPlans {
  /** In the order of the configuration; one at least. */
  readonly targets: readonly TargetPlan[];
  /** How many targets are tested at the same time, at most; absent where nothing is said of it. */
  readonly concurrency?: number;
}

export interface TargetPlan {
  readonly name: string;
  /** With the defaults filled in. */
  readonly config: TargetConfig;
  readonly expectations: Expectations;
}

/**
 * Reads what a configuration file holds or exports. `findings` are the ids of the catalogue; `overrides` go before what a
 * target says, `fallbacks` stand for what neither it nor the defaults of the file say. Never throws.
 */
export function readTargets(
  value: unknown,
  findings: readonly string[],
  overrides: TargetDefaults = {},
  fallbacks: ScheduleConfig = {},
): Result<TargetPlans, readonly ConfigProblem[]> {
  const malformed = problemsOf(schema as JsonSchema, value);
  if (malformed.length > 0) return fail(malformed);
  // The schema is made from this type, so that what it lets pass is one.
  const { targets, defaults = {}, concurrency } = value as IceprobeConfig;
  const problems: ConfigProblem[] = [];
  const plans = Object.entries(targets).flatMap(([name, own]): TargetPlan[] => {
    const given = { ...fallbacks, ...defaults, ...withoutUndefined(own), ...overrides };
    const expectations = readExpectations(given, findings, sharedKeys(own, overrides));
    if (expectations.ok) return [{ name, config: given, expectations: expectations.value }];
    const { option, index, message, hint } = expectations.error;
    const owner = own[option] === undefined ? ['defaults'] : ['targets', name];
    problems.push({ path: [...owner, option, index], message, hint });
    return [];
  });
  return problems.length > 0 ? fail(unique(problems)) : ok({ targets: plans, ...optional('concurrency', concurrency) });
}

/** What a target takes from the defaults, or from what goes before all of them: not every target need be able to meet it. */
function sharedKeys(own: TargetConfig, overrides: TargetDefaults): ExpectationKey[] {
  const keys = ['require', 'expect', 'maxRtt', 'maxLoss', 'maxGatherTime', 'minCertDays'] as const;
  return keys.filter((key) => own[key] === undefined || overrides[key] !== undefined);
}

/** What a module leaves `undefined` must not hide a default. */
function withoutUndefined(own: TargetConfig): TargetConfig {
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) as unknown as TargetConfig;
}

/** A mistake in the defaults is found once for each target that they are for. */
function unique(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem.path), problem])).values()];
}
