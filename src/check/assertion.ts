import { fail, ok, type Result } from '../core/result.ts';
import type { JsonSchema } from '../record/json-schema.ts';
import type { Report } from '../record/report.ts';
import type { Check, CheckError, Outcome } from './check.ts';
import { type PathStep, parsePath, valuesAt } from './path.ts';
import { pathProblem } from './schema-path.ts';

const OPERATORS = ['==', '!=', '<=', '>=', '<', '>'] as const;
type Operator = (typeof OPERATORS)[number];

/**
 * One `--expect`: a path into the report, an operator, a value; `servers[*].attempts[*].relay.lossPercent < 5`. Behind
 * `[*]` every value must satisfy it. The path is checked against the report's schema, so that a misspelt field is a usage
 * error and not an expectation that nothing ever meets.
 */
export function parseAssertion(text: string, schema: JsonSchema): Result<Check, CheckError> {
  // The first operator behind something, whatever stands on either side.
  const match = /[=!<>]=|[<>]/.exec(text);
  const operator = OPERATORS.find((candidate) => candidate === match?.[0]);
  const at = match?.index ?? 0;
  const pathText = text.slice(0, at).trim();
  const literalText = text.slice(at + (operator?.length ?? 0)).trim();
  if (pathText === '' || operator === undefined || literalText === '') {
    return error(text, 'it is not of the form FIELD OPERATOR VALUE', 'for example: findings.count == 0');
  }
  const path = parsePath(pathText);
  if (!path.ok) return error(text, `column ${path.error.column}: ${path.error.message}`, PATH_HINT);
  const problem = pathProblem(schema, path.value);
  if (problem !== undefined) return error(text, problem, PATH_HINT);
  const literal = parseLiteral(literalText);
  if (operator !== '==' && operator !== '!=' && typeof literal !== 'number') {
    return error(text, `"${literalText}" is no number, and ${operator} compares numbers`, 'use == or != for words');
  }
  return ok({
    text: `expect ${pathText} ${operator} ${literalText}`,
    evaluate: (report) => evaluate(report, path.value, operator, literal),
    impossible: () => undefined,
  });
}

const PATH_HINT = 'fields are those of the JSON report (iceprobe ... -f json): a.b, a[0], a[*], a[type=relay], a.count';

type Literal = string | number | boolean | null;

function parseLiteral(text: string): Literal {
  const quoted = /^(["'])(.*)\1$/.exec(text);
  if (quoted?.[2] !== undefined) return quoted[2];
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  return /^-?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text;
}

function evaluate(report: Report, path: readonly PathStep[], operator: Operator, literal: Literal): Outcome {
  const values = valuesAt(report, path);
  if (values.length === 0) return { met: null, value: null, because: 'the report has no such value' };
  const missing = values.filter((value) => value === null && literal !== null);
  const wrong = values
    .filter((value) => value !== null || literal === null)
    .find((value) => !holds(value, operator, literal));
  if (wrong !== undefined) return { met: false, value: wrong, because: `it is ${JSON.stringify(wrong)}` };
  if (missing.length > 0) return { met: null, value: null, because: 'a value was not measured' };
  return { met: true, value: values.length === 1 ? values[0] : values };
}

function holds(value: unknown, operator: Operator, literal: Literal): boolean {
  if (operator === '==') return value === literal;
  if (operator === '!=') return value !== literal;
  if (typeof value !== 'number' || typeof literal !== 'number') return false;
  switch (operator) {
    case '<':
      return value < literal;
    case '<=':
      return value <= literal;
    case '>':
      return value > literal;
    case '>=':
      return value >= literal;
  }
}

function error(text: string, message: string, hint: string): Result<never, CheckError> {
  return fail({ option: 'expect', text, message, hint });
}
