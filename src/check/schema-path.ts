import { type JsonSchema, variantsOf } from '../record/json-schema.ts';
import type { PathStep } from './path.ts';

/** What is wrong with a path by the schema: a field that no report ever has. Undefined where it is good. */
export function pathProblem(schema: JsonSchema, steps: readonly PathStep[]): string | undefined {
  let here = variantsOf(schema, schema);
  let walked = '';
  for (const step of steps) {
    switch (step.kind) {
      case 'count':
        return undefined;
      case 'field': {
        const next = here.flatMap((variant) => fieldOf(variant, step.name));
        if (next.length === 0)
          return `${walked === '' ? 'the report' : walked} has no field "${step.name}"${suggestion(here, step.name)}`;
        here = next.flatMap((variant) => variantsOf(schema, variant));
        walked += walked === '' ? step.name : `.${step.name}`;
        break;
      }
      default: {
        const items = here.flatMap((variant) => (variant.items === undefined ? [] : variantsOf(schema, variant.items)));
        if (items.length === 0 && !here.some(isAnything)) return `${walked} is no list`;
        if (step.kind === 'where' && items.length > 0 && !items.some((item) => fieldOf(item, step.field).length > 0)) {
          return `the elements of ${walked} have no field "${step.field}"${suggestion(items, step.field)}`;
        }
        here = items.length === 0 ? [{}] : items;
      }
    }
  }
  return undefined;
}

function fieldOf(schema: JsonSchema, name: string): readonly JsonSchema[] {
  const own =
    schema.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  if (own !== undefined) return [own];
  if (typeof schema.additionalProperties === 'object') return [schema.additionalProperties];
  return isAnything(schema) ? [{}] : [];
}

function isAnything(schema: JsonSchema): boolean {
  return schema.type === undefined && schema.properties === undefined && schema.items === undefined;
}

function suggestion(variants: readonly JsonSchema[], name: string): string {
  const names = [...new Set(variants.flatMap((variant) => Object.keys(variant.properties ?? {})))];
  const alike = names.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  if (alike !== undefined) return `; did you mean "${alike}"?`;
  return names.length === 0 ? '' : `; it has ${names.slice(0, 12).join(', ')}`;
}
