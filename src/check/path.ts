import { fail, ok, type Result } from '../core/result.ts';

export type PathStep =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'each' }
  /** `[type=relay]`: the elements whose field has that value. */
  | { readonly kind: 'where'; readonly field: string; readonly value: string }
  /** `.count`: how many elements there are. */
  | { readonly kind: 'count' };

export interface PathError {
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

/** A way into the report: `gatherings[0].candidates[type=relay].count`, `servers[*].attempts[*].relay.lossPercent`. */
export function parsePath(text: string): Result<readonly PathStep[], PathError> {
  const steps: PathStep[] = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const field = (steps.length === 0 ? /^([A-Za-z][A-Za-z0-9_-]*)/ : /^\.([A-Za-z][A-Za-z0-9_-]*)/).exec(rest);
    const index = /^\[([0-9]+)\]/.exec(rest);
    const where = /^\[([A-Za-z][A-Za-z0-9]*)=([^\]]+)\]/.exec(rest);
    if (field?.[1] !== undefined) {
      steps.push(field[1] === 'count' && steps.length > 0 ? { kind: 'count' } : { kind: 'field', name: field[1] });
      at += field[0].length;
    } else if (index?.[1] !== undefined) {
      steps.push({ kind: 'index', index: Number(index[1]) });
      at += index[0].length;
    } else if (rest.startsWith('[*]')) {
      steps.push({ kind: 'each' });
      at += 3;
    } else if (where?.[1] !== undefined && where[2] !== undefined) {
      steps.push({ kind: 'where', field: where[1], value: where[2].replace(/^(["'])(.*)\1$/, '$2') });
      at += where[0].length;
    } else {
      return fail({ column: at + 1, message: `"${rest.slice(0, 12)}" is no field, [number], [*] or [field=value]` });
    }
  }
  return steps.length === 0 ? fail({ column: 1, message: 'no field is named' }) : ok(steps);
}

/** Every value that the path leads to: none, one, or several behind `[*]` and `[field=value]`. */
export function valuesAt(root: unknown, steps: readonly PathStep[]): readonly unknown[] {
  let values: readonly unknown[] = [root];
  for (const step of steps) {
    if (step.kind === 'count') {
      // Counts what the steps before it selected: elements of a list, or the values themselves behind a filter.
      values = [values.flatMap((value) => (Array.isArray(value) ? value : [value])).length];
    } else values = values.flatMap((value) => follow(value, step));
  }
  return values;
}

function follow(value: unknown, step: Exclude<PathStep, { kind: 'count' }>): readonly unknown[] {
  switch (step.kind) {
    case 'field':
      return fieldOf(value, step.name);
    case 'index':
      return Array.isArray(value) && step.index < value.length ? [value[step.index]] : [];
    case 'each':
      return Array.isArray(value) ? value : [];
    case 'where':
      return Array.isArray(value)
        ? value.filter((element) => fieldOf(element, step.field).some((field) => String(field) === step.value))
        : [];
  }
}

function fieldOf(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
  return [(value as Readonly<Record<string, unknown>>)[name]];
}
