import { suggest } from '../../core/suggest.ts';
import { type JsonSchema, variantsOf } from '../../record/json-schema.ts';
import type { ConfigPath, ConfigProblem } from './problem.ts';

/**
 * What is wrong with a value by a schema, in the value's order; empty where nothing is. A property that is `undefined`, as
 * a module may have it, counts as absent. Ends on any value: it goes no deeper than the schema does.
 */
export function problemsOf(root: JsonSchema, value: unknown): readonly ConfigProblem[] {
  return problemsAt(root, root, value, []);
}

type Kind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null' | 'other';

function problemsAt(root: JsonSchema, schema: JsonSchema, value: unknown, path: ConfigPath): ConfigProblem[] {
  const variants = variantsOf(root, schema);
  const fitting = variants.find((variant) => allows(variant, kindOf(value)));
  if (fitting === undefined) {
    const wanted = [...new Set(variants.map((variant) => named(root, variant)))].join(', or ');
    return [{ path, message: `${WORDS[kindOf(value)]} where ${wanted} belongs`, hint: `write ${wanted} there` }];
  }
  switch (kindOf(value)) {
    case 'object':
      return objectProblems(root, fitting, value as Readonly<Record<string, unknown>>, path);
    case 'array':
      return listProblems(root, fitting, value as readonly unknown[], path);
    default:
      return scalarProblems(fitting, value, path);
  }
}

function objectProblems(
  root: JsonSchema,
  schema: JsonSchema,
  value: Readonly<Record<string, unknown>>,
  path: ConfigPath,
): ConfigProblem[] {
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  const { properties = {}, required = [], additionalProperties, propertyNames, minProperties = 0 } = schema;
  const missing = required.filter((key) => !keys.includes(key));
  return [
    ...(missing.length > 0
      ? [{ path, message: `${missing.map((key) => `"${key}"`).join(', ')} is missing`, hint: 'add it' }]
      : []),
    ...(keys.length < minProperties ? [{ path, message: 'there is nothing in it', hint: 'put something there' }] : []),
    ...keys.flatMap((key) => {
      const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
      const at = [...path, key];
      if (own !== undefined) return problemsAt(root, own, value[key], at);
      if (typeof additionalProperties !== 'object') return [unknownKey(key, at, Object.keys(properties), path)];
      const pattern = propertyNames?.pattern;
      if (pattern !== undefined && !new RegExp(pattern).test(key)) {
        return [{ path: at, message: 'a name that may not be', hint: 'use letters, digits, ".", "_" and "-"' }];
      }
      return problemsAt(root, additionalProperties, value[key], at);
    }),
  ];
}

function unknownKey(key: string, at: ConfigPath, known: readonly string[], parent: ConfigPath): ConfigProblem {
  const meant = suggest(key, known);
  const where = parent.length === 0 ? 'here' : 'there';
  return {
    path: at,
    message: 'unknown key',
    hint: meant === undefined ? `${where} may be ${known.join(', ')}` : `did you mean "${meant}"?`,
  };
}

function listProblems(root: JsonSchema, schema: JsonSchema, value: readonly unknown[], path: ConfigPath) {
  const { items, minItems = 0 } = schema;
  const problems: ConfigProblem[] = [];
  if (value.length < minItems) problems.push({ path, message: 'the list is empty', hint: 'put something into it' });
  // Not `flatMap`, which skips the holes of a list.
  for (const [index, item] of [...value].entries()) {
    if (items !== undefined) problems.push(...problemsAt(root, items, item, [...path, index]));
  }
  return problems;
}

function scalarProblems(schema: JsonSchema, value: unknown, path: ConfigPath): ConfigProblem[] {
  const { enum: words, minimum = -Infinity, maximum = Infinity, minLength = 0, pattern, type } = schema;
  const one = (message: string, hint: string): ConfigProblem[] => [{ path, message, hint }];
  if (words !== undefined && !words.includes(value)) {
    const list = words.map((word) => JSON.stringify(word)).join(', ');
    return one(`it is none of ${list}`, `write one of ${list}`);
  }
  if (typeof value === 'number') {
    const whole = type === 'integer';
    if (value >= minimum && value <= maximum && (!whole || Number.isInteger(value))) return [];
    const wanted = `a ${whole ? 'whole ' : ''}number from ${minimum} to ${maximum}`;
    return one(`it is ${value}`, `write ${wanted}`);
  }
  if (typeof value !== 'string') return [];
  if (value.length < minLength) return one('it is empty', 'put a value there; if a variable stands there, it is unset');
  if (pattern !== undefined && !new RegExp(pattern).test(value)) {
    return one('it is not of the right form', `it must match ${pattern}`);
  }
  return [];
}

function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'object' || type === 'string' || type === 'number' || type === 'boolean' ? type : 'other';
}

function allows({ type }: JsonSchema, kind: Kind): boolean {
  if (type === undefined) return true;
  return [type].flat().some((word) => (word === 'integer' ? 'number' : word) === kind);
}

const WORDS: Readonly<Record<Kind, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
  other: 'something that is no data',
};

/** What a schema takes, in words. */
function named(root: JsonSchema, schema: JsonSchema): string {
  const type = [schema.type].flat()[0];
  if (type === 'array') {
    const [item] = schema.items === undefined ? [] : variantsOf(root, schema.items);
    return item === undefined ? 'a list' : `a list of ${[item.type].flat()[0] === 'string' ? 'texts' : 'objects'}`;
  }
  if (type === 'object' && schema.properties?.['env'] !== undefined) return '{ "env": "NAME" }';
  if (type === 'integer') return 'a whole number';
  return WORDS[type as Kind] ?? 'something else';
}
