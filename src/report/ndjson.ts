import type { RunEvent } from '../record/events.ts';

/** One event, one line. */
export function ndjsonLine(event: RunEvent): string {
  return `${JSON.stringify(event)}\n`;
}
