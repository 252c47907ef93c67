import { fail, ok, type Result } from '../core/result.ts';
import type { Finding } from '../record/finding.ts';
import type { CheckError } from './check.ts';

/** A finding that is known and borne with: `relay.private-address@turn:10.0.0.1 until 2027-01-31`. */
export interface Allowance {
  readonly id: string;
  readonly url?: string;
  /** The last day, as YYYY-MM-DD in UTC. */
  readonly until?: string;
  readonly text: string;
}

/** Parses `FINDING[@URL][until DATE]`. `known` are the ids of the catalogue: a misspelt one would allow nothing. */
export function parseAllowance(text: string, known: readonly string[]): Result<Allowance, CheckError> {
  const match = /^\s*([^@\s]+)(?:@(\S+))?(?:\s+until\s+(\S+))?\s*$/.exec(text);
  const id = match?.[1];
  if (id === undefined)
    return error(
      text,
      'it is not of the form FINDING[@URL] [until DATE]',
      'for example: net.high-latency until 2030-01-31',
    );
  if (!known.includes(id)) return error(text, `"${id}" is no finding`, nearest(id, known));
  const url = match?.[2];
  const until = match?.[3];
  if (until !== undefined && !isDate(until)) {
    return error(text, `"${until}" is no date`, 'write it as YYYY-MM-DD');
  }
  return ok({ id, text: text.trim(), ...(url !== undefined && { url }), ...(until !== undefined && { until }) });
}

/** `today` as YYYY-MM-DD. The last day itself still counts. */
export function isAllowed(finding: Finding, allowances: readonly Allowance[], today: string): boolean {
  return allowances.some(
    (allowance) =>
      allowance.id === finding.id &&
      (allowance.url === undefined || allowance.url === finding.subject) &&
      (allowance.until === undefined || today <= allowance.until),
  );
}

/** Allowances whose day is past: they are to be told, or nobody removes them. */
export function expired(allowances: readonly Allowance[], today: string): readonly Allowance[] {
  return allowances.filter(({ until }) => until !== undefined && today > until);
}

function isDate(text: string): boolean {
  const match = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
  if (match === null) return false;
  const [, year, month, day] = match.map(Number);
  const days = new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate();
  return (month ?? 0) >= 1 && (month ?? 0) <= 12 && (day ?? 0) >= 1 && (day ?? 0) <= days;
}

function nearest(id: string, known: readonly string[]): string {
  const family = id.split('.')[0];
  const alike = known.filter((candidate) => candidate.startsWith(`${family}.`));
  return alike.length === 0 ? 'iceprobe explain lists all findings' : `known are ${alike.join(', ')}`;
}

function error(text: string, message: string, hint: string): Result<never, CheckError> {
  return fail({ option: 'allow', text, message, hint });
}
