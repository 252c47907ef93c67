import type { RunEvent } from '../record/events.ts';

/** One event, one line. Where several targets are tested at once, each line begins with the name of its own. */
export function ndjsonLine(event: RunEvent, target?: string): string {
  return `${JSON.stringify(target === undefined ? event : { target, ...event })}\n`;
}
