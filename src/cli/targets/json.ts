import type { ConfigPath, ConfigProblem } from '../../check/targets/problem.ts';
import type { Literal } from '../../core/configuration/literal.ts';

/** The value that was written. Keys are own properties, whatever they are called. */
export function plainValue(literal: Literal): unknown {
  switch (literal.kind) {
    case 'object':
      return Object.fromEntries(literal.entries.map(({ key, value }) => [key, plainValue(value)]));
    case 'array':
      return literal.items.map(plainValue);
    case 'null':
      return null;
    default:
      return literal.value;
  }
}

/** Where the part of the text begins that a path leads to, or the last part of the way that is there. */
export function offsetOf(literal: Literal, path: ConfigPath): number {
  const [step, ...rest] = path;
  if (step === undefined) return literal.at;
  if (literal.kind === 'array') {
    const item = literal.items[Number(step)];
    return item === undefined ? literal.at : offsetOf(item, rest);
  }
  const entry = literal.kind === 'object' ? literal.entries.findLast(({ key }) => key === step) : undefined;
  if (entry === undefined) return literal.at;
  return rest.length === 0 ? entry.at : offsetOf(entry.value, rest);
}

/** Keys that stand twice in one object: only the last would count, and a target would be left out unseen. */
export function repeatedKeys(literal: Literal, path: ConfigPath = []): readonly ConfigProblem[] {
  if (literal.kind === 'array') return literal.items.flatMap((item, index) => repeatedKeys(item, [...path, index]));
  if (literal.kind !== 'object') return [];
  const seen = new Set<string>();
  return literal.entries.flatMap(({ key, value }) => {
    const at = [...path, key];
    const again = seen.has(key)
      ? [{ path: at, message: 'the key stands there twice', hint: 'only the last would count: take one out' }]
      : [];
    seen.add(key);
    return [...again, ...repeatedKeys(value, at)];
  });
}
