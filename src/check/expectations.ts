import { fail, ok, type Result } from '../core/result.ts';
import type { JsonSchema } from '../record/json-schema.ts';
import schema from '../record/report.schema.json' with { type: 'json' };
import { type Allowance, parseAllowance } from './allowance.ts';
import { parseAssertion } from './assertion.ts';
import type { Check, CheckError } from './check.ts';
import { defaultChecks } from './defaults.ts';
import { type Limits, limitChecks } from './limits.ts';
import { parseRequirement, requirementCheck } from './requirement.ts';

/** What is expected, as it was written. */
export interface WrittenExpectations extends Limits {
  readonly require?: readonly string[];
  readonly expect?: readonly string[];
  readonly allow?: readonly string[];
}

/** A mistake in one of the written ones: the option and, in its list, which (from 0). */
export interface ExpectationError extends CheckError {
  readonly option: 'require' | 'expect' | 'allow';
  readonly index: number;
}

/** What is expected, as far as it does not depend on which servers there are. */
export interface Expectations {
  readonly allowances: readonly Allowance[];
  /** What it comes to for these servers; or a check that they could never meet. */
  for(urls: readonly string[]): Result<ExpectationsOfServers, ImpossibleCheck>;
}

export interface ExpectationsOfServers {
  readonly checks: readonly Check[];
  /** What was meant for several groups of servers, and could never be met by these. */
  readonly leftOut: readonly ImpossibleCheck[];
}

export interface ImpossibleCheck {
  /** Where it was asked for. */
  readonly key: ExpectationKey;
  readonly text: string;
  readonly why: string;
}

export type ExpectationKey = keyof WrittenExpectations;

/**
 * `findings` are the ids of the catalogue; `shared` names what is meant for several groups of servers: where it could never
 * be met it is left out, and what was asked for of these servers alone is a mistake.
 */
export function readExpectations(
  given: WrittenExpectations,
  findings: readonly string[],
  shared: readonly ExpectationKey[] = [],
): Result<Expectations, ExpectationError> {
  const requirements = readAll('require', given.require, (text) => readRequirements(text));
  if (!requirements.ok) return requirements;
  const assertions = readAll('expect', given.expect, (text) => parseAssertion(text, schema as JsonSchema));
  if (!assertions.ok) return assertions;
  const allowances = readAll('allow', given.allow, (text) => parseAllowance(text, findings));
  if (!allowances.ok) return allowances;
  const written: readonly (readonly [ExpectationKey, readonly Check[]])[] = [
    ['require', requirements.value.flat()],
    ['expect', assertions.value],
    ...LIMITS.map((key) => [key, limitChecks({ [key]: given[key] })] as const),
  ];
  return ok({ allowances: allowances.value, for: (urls) => checksFor(urls, written, shared) });
}

const LIMITS = ['maxRtt', 'maxLoss', 'maxGatherTime', 'minCertDays'] as const satisfies readonly (keyof Limits)[];

function checksFor(
  urls: readonly string[],
  written: readonly (readonly [ExpectationKey, readonly Check[]])[],
  shared: readonly ExpectationKey[],
): Result<ExpectationsOfServers, ImpossibleCheck> {
  const checks: Check[] = [];
  const leftOut: ImpossibleCheck[] = [];
  let asked = 0;
  for (const [key, all] of written) {
    for (const check of all) {
      const why = check.impossible(urls);
      if (why === undefined) {
        checks.push(check);
        if (key === 'require' || key === 'expect') asked++;
      } else if (shared.includes(key)) leftOut.push({ key, text: check.text, why });
      else return fail({ key, text: check.text, why });
    }
  }
  // Nothing was asked for beyond limits: then what must hold by default does.
  return ok({ checks: asked === 0 ? [...defaultChecks(urls), ...checks] : checks, leftOut });
}

/** `relay/udp,relay/tls`: several in one text. */
function readRequirements(text: string): Result<readonly Check[], CheckError> {
  const checks: Check[] = [];
  for (const item of text.split(',')) {
    const read = parseRequirement(item.trim());
    if (!read.ok) return read;
    checks.push(requirementCheck(read.value));
  }
  return ok(checks);
}

function readAll<T>(
  option: ExpectationError['option'],
  texts: readonly string[] | undefined,
  read: (text: string) => Result<T, CheckError>,
): Result<readonly T[], ExpectationError> {
  const values: T[] = [];
  for (const [index, text] of (texts ?? []).entries()) {
    const result = read(text);
    if (!result.ok) return fail({ ...result.error, option, index });
    values.push(result.value);
  }
  return ok(values);
}
