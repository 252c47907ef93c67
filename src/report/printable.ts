import { printable, type Report, type RunEvent } from '../record/report.ts';

/** A report whose strings can be shown on a terminal: what a server calls itself must not move the cursor. */
export function printableReport(report: Report): Report {
  return clean(report) as Report;
}

export function printableEvent(event: RunEvent): RunEvent {
  return clean(event) as RunEvent;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, clean(each)]));
}
