import { definitionOf, type JsonSchema } from './json-schema.ts';

/**
 * Where a value is not of the form that a schema asks for: `findings[3].severity is no string`. Undefined where it conforms.
 * Words of an enumeration are not compared: they are open. A union is decided by the constant that tells its members apart.
 */
export function mismatch(value: unknown, schema: JsonSchema, root: JsonSchema = schema): string | undefined {
  return mismatchAt(value, schema, root, '');
}

function mismatchAt(value: unknown, schema: JsonSchema, root: JsonSchema, path: string): string | undefined {
  if (schema.$ref !== undefined) return mismatchAt(value, definitionOf(root, schema.$ref), root, path);
  if (schema.anyOf !== undefined) return mismatchOfUnion(value, schema.anyOf, root, path);
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
  if (types !== undefined && !types.some((type) => isOf(value, type))) {
    return `${path === '' ? 'it' : path} is no ${types.join(' or ')}`;
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined
      ? undefined
      : firstOf(value, (item, index) => mismatchAt(item, items, root, `${path}[${index}]`));
  }
  return isRecord(value) ? mismatchOfFields(value, schema, root, path) : undefined;
}

function mismatchOfFields(
  value: Readonly<Record<string, unknown>>,
  { properties = {}, optional, required = [], additionalProperties }: JsonSchema,
  root: JsonSchema,
  path: string,
): string | undefined {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const needed = optional === undefined ? required : Object.keys(properties).filter((name) => !optional.includes(name));
  const missing = needed.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return `${at(missing)} is missing`;
  return firstOf(Object.entries(value), ([name, field]) => {
    const schema = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return typeof schema === 'object' ? mismatchAt(field, schema, root, at(name)) : undefined;
  });
}

function mismatchOfUnion(
  value: unknown,
  members: readonly JsonSchema[],
  root: JsonSchema,
  path: string,
): string | undefined {
  const resolved = members.map((member) => (member.$ref === undefined ? member : definitionOf(root, member.$ref)));
  // One that says by a constant to be this one is this one, and no other will do in its place.
  const named = isRecord(value) ? resolved.filter((member) => isNamed(value, member)) : [];
  const candidates = named.length > 0 ? named : resolved.filter((member) => constantsOf(member).length === 0);
  const problems = (candidates.length > 0 ? candidates : resolved).map((member) =>
    mismatchAt(value, member, root, path),
  );
  return problems.includes(undefined) ? undefined : problems[0];
}

function isNamed(value: Readonly<Record<string, unknown>>, member: JsonSchema): boolean {
  const constants = constantsOf(member);
  return constants.length > 0 && constants.every(([name, schema]) => value[name] === schema.const);
}

function constantsOf({ properties = {} }: JsonSchema): (readonly [string, JsonSchema])[] {
  return Object.entries(properties).filter(([, schema]) => 'const' in schema);
}

function isOf(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isRecord(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      // JSON can say 1e999.
      return Number.isFinite(value);
    default:
      return typeof value === type;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstOf<T>(items: readonly T[], check: (item: T, index: number) => string | undefined): string | undefined {
  for (const [index, item] of items.entries()) {
    const problem = check(item, index);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
