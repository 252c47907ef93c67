import type { Check } from '../../check/check.ts';
import { type Expectations, readExpectations, type WrittenExpectations } from '../../check/expectations.ts';
import { FINDING_IDS } from '../../diagnosis/catalogue.ts';
import { UsageError } from '../errors.ts';
import type { ValuesOf } from '../options/option.ts';
import type { expectationOptions } from './options.ts';

type Values = ValuesOf<typeof expectationOptions>;

/** What the options ask for. Throws `UsageError` for what is misspelt. */
export function expectationsOf(values: Values): Expectations {
  const read = readExpectations(writtenIn(values), FINDING_IDS);
  if (read.ok) return read.value;
  const { option, text, message, hint } = read.error;
  throw new UsageError(`--${option} ${JSON.stringify(text)}: ${message}`, hint);
}

/** The checks for these servers. Throws `UsageError` for one that they could never meet. */
export function checksFor(urls: readonly string[], expectations: Expectations): readonly Check[] {
  const read = expectations.for(urls);
  if (read.ok) return read.value.checks;
  const { text, why } = read.error;
  throw new UsageError(`${text}: ${why}`, 'this could never be met: mend it or take it out');
}

/** The options under the names that a configuration has for them. */
export function writtenIn(values: Values): WrittenExpectations {
  const { require, expect, allow } = values;
  const written = {
    require,
    expect,
    allow,
    maxRtt: values['max-rtt'],
    maxLoss: values['max-loss'],
    maxGatherTime: values['max-gather-time'],
    minCertDays: values['min-cert-days'],
  };
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}
