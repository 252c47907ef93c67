import { fail, ok, type Result } from '../../../result.ts';
import { type FaultPlan, NO_FAULTS, type Which } from './plan.ts';
import { FAULT_TABLE } from './table.ts';

/** A specification that is none, and why. */
export interface FaultSpecError {
  readonly spec: string;
  readonly message: string;
}

const ALWAYS: Which = { first: 1, last: Number.POSITIVE_INFINITY, chance: 1 };

/** Reads `SUBJECT:VALUE[@WHICH]`, each by its row of the table. */
export function parseFaults(specs: readonly string[]): Result<FaultPlan, FaultSpecError> {
  let plan = NO_FAULTS;
  for (const spec of specs) {
    const read = readOne(spec);
    if (!read.ok) return fail({ spec, message: read.error });
    plan = merge(plan, read.value);
  }
  return ok(plan);
}

function readOne(spec: string): Result<Partial<FaultPlan>, string> {
  const colon = spec.indexOf(':');
  const subject = spec.slice(0, Math.max(colon, 0));
  const rows = FAULT_TABLE.filter((row) => row.subjects.includes(subject));
  if (rows.length === 0) return fail(`"${subject || spec}" is nothing that can go wrong`);
  const at = spec.lastIndexOf('@');
  const whichText = at > colon ? spec.slice(at + 1) : undefined;
  const which = whichText === undefined ? ALWAYS : readWhich(whichText);
  if (which === undefined) return fail(`@${whichText} is none of @2, @2+, @2-4, @30%`);
  const value = spec.slice(colon + 1, at > colon ? at : undefined);
  for (const row of rows) {
    const match = row.value.exec(value);
    if (match === null) continue;
    if (whichText !== undefined && !row.form.endsWith('[@WHICH]')) return fail(`${row.form} takes no @`);
    const read = row.read(match, subject, which);
    return typeof read === 'string' ? fail(read) : ok(read);
  }
  return fail(`"${value}" is none of ${rows.map((row) => row.form.replace(/^[^:]+:|\[@WHICH\]$/g, '')).join(', ')}`);
}

function readWhich(text: string): Which | undefined {
  const [, chance] = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text) ?? [];
  if (chance !== undefined) return Number(chance) <= 100 ? { ...ALWAYS, chance: Number(chance) / 100 } : undefined;
  const [, first, more] = /^(\d{1,9})(\+|-\d{1,9})?$/.exec(text) ?? [];
  if (first === undefined || Number(first) < 1) return undefined;
  const last = more === undefined ? Number(first) : more === '+' ? Number.POSITIVE_INFINITY : Number(more.slice(1));
  return last < Number(first) ? undefined : { first: Number(first), last, chance: 1 };
}

function merge(plan: FaultPlan, more: Partial<FaultPlan>): FaultPlan {
  return {
    ...plan,
    ...more,
    requests: [...plan.requests, ...(more.requests ?? [])],
    data: [...plan.data, ...(more.data ?? [])],
    legs: [...plan.legs, ...(more.legs ?? [])],
    lifetimes: { ...plan.lifetimes, ...more.lifetimes },
    sockets: [...plan.sockets, ...(more.sockets ?? [])],
  };
}
