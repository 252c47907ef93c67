import type { Params } from './conclusion.ts';

type Value = Params[string] | undefined;

/** Fills a template (see `FindingText`). Names that end in `Ms`, `Percent`, `Seconds` or `Days` get their unit. */
export function render(template: string, params: Params, more = 'more'): string {
  const chosen = template.replace(
    /\[\[(\?(\w+) )?(.*?)\]\]/gs,
    (_all, _test, name: string | undefined, body: string) => {
      // A count of nothing is a value to be shown, and no reason to show something.
      if (name !== undefined) return hasValue(params[name]) && params[name] !== 0 ? body : '';
      return namesIn(body).every((each) => hasValue(params[each])) ? body : '';
    },
  );
  return chosen
    .replace(/\{(\w+)\}/g, (_all, name: string) => show(name, params[name], more))
    .replace(/ +/g, ' ')
    .trim();
}

/** `38 ms`, `1.8 s`, `39.5 s`, `4 min`. */
export function showDuration(ms: number): string {
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Number((ms / 1000).toFixed(1))} s`;
  return `${Math.round(ms / 60_000)} min`;
}

function namesIn(body: string): string[] {
  return [...body.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
}

function hasValue(value: Value): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  return !Array.isArray(value) || value.length > 0;
}

const MOST_LISTED = 6;

function show(name: string, value: Value, more: string): string {
  if (value === undefined || value === null) return '?';
  if (Array.isArray(value)) {
    const rest = value.length - MOST_LISTED;
    return value.slice(0, MOST_LISTED).join(', ') + (rest > 0 ? ` (+${rest} ${more})` : '');
  }
  if (typeof value !== 'number') return String(value);
  if (name.endsWith('Ms')) return showDuration(value);
  if (name.endsWith('Percent')) return `${Number(value.toFixed(1))} %`;
  if (name.endsWith('Seconds')) return `${value} s`;
  return String(value);
}
