import { type Allowance, parseAllowance } from '../../check/allowance.ts';
import { parseAssertion } from '../../check/assertion.ts';
import type { Check, CheckError } from '../../check/check.ts';
import { defaultChecks } from '../../check/defaults.ts';
import { limitChecks } from '../../check/limits.ts';
import { parseRequirement, requirementCheck } from '../../check/requirement.ts';
import type { JsonSchema } from '../../check/schema-path.ts';
import type { Result } from '../../core/result.ts';
import { FINDING_IDS } from '../../diagnosis/catalogue.ts';
import schema from '../../record/report.schema.json' with { type: 'json' };
import { UsageError } from '../errors.ts';
import type { ValuesOf } from '../options/option.ts';
import type { expectationOptions } from './options.ts';

type Values = ValuesOf<typeof expectationOptions>;

/** What is expected, as far as it does not depend on which servers there are. Throws `UsageError` for what is misspelt. */
export class Expectations {
  readonly allowances: readonly Allowance[];
  readonly #checks: readonly Check[];
  /** Nothing was asked for beyond limits: then what must hold by default does. */
  readonly #isDefault: boolean;

  constructor(values: Values) {
    const requirements = (values.require ?? [])
      .flatMap((list) => list.split(','))
      .map((text) => requirementCheck(value(parseRequirement(text.trim()))));
    const assertions = (values.expect ?? []).map((text) => value(parseAssertion(text, schema as JsonSchema)));
    this.allowances = (values.allow ?? []).map((text) => value(parseAllowance(text, FINDING_IDS)));
    this.#isDefault = requirements.length + assertions.length === 0;
    this.#checks = [...requirements, ...assertions, ...limitChecks(limitsOf(values))];
  }

  /** The checks for these servers. Throws `UsageError` for one that they could never meet. */
  for(urls: readonly string[]): readonly Check[] {
    for (const check of this.#checks) {
      const why = check.impossible(urls);
      if (why !== undefined)
        throw new UsageError(`${check.text}: ${why}`, 'this could never be met: mend it or take it out');
    }
    return this.#isDefault ? [...defaultChecks(urls), ...this.#checks] : this.#checks;
  }
}

function limitsOf(values: Values) {
  const limits = {
    maxRtt: values['max-rtt'],
    maxLoss: values['max-loss'],
    maxGatherTime: values['max-gather-time'],
    minCertDays: values['min-cert-days'],
  };
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}

function value<T>(result: Result<T, CheckError>): T {
  if (result.ok) return result.value;
  const { option, text, message, hint } = result.error;
  throw new UsageError(`--${option} ${JSON.stringify(text)}: ${message}`, hint);
}
