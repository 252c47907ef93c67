import { ok, type Result } from '../core/result.ts';
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
  /** The checks for these servers; or the text of one that they could never meet, and why. */
  for(urls: readonly string[]): Result<readonly Check[], ImpossibleCheck>;
}

export interface ImpossibleCheck {
  readonly text: string;
  readonly why: string;
}

/** `findings` are the ids of the catalogue. */
export function readExpectations(
  given: WrittenExpectations,
  findings: readonly string[],
): Result<Expectations, ExpectationError> {
  const requirements = readAll('require', given.require, (text) => readRequirements(text));
  if (!requirements.ok) return requirements;
  const assertions = readAll('expect', given.expect, (text) => parseAssertion(text, schema as JsonSchema));
  if (!assertions.ok) return assertions;
  const allowances = readAll('allow', given.allow, (text) => parseAllowance(text, findings));
  if (!allowances.ok) return allowances;
  const asked = [...requirements.value.flat(), ...assertions.value];
  const checks = [...asked, ...limitChecks(given)];
  return ok({
    allowances: allowances.value,
    for(urls) {
      for (const check of checks) {
        const why = check.impossible(urls);
        if (why !== undefined) return { ok: false, error: { text: check.text, why } };
      }
      // Nothing was asked for beyond limits: then what must hold by default does.
      return ok(asked.length === 0 ? [...defaultChecks(urls), ...checks] : checks);
    },
  });
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
    if (!result.ok) return { ok: false, error: { ...result.error, option, index } };
    values.push(result.value);
  }
  return ok(values);
}
