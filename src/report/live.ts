import type { RunEvent } from '../record/events.ts';
import { candidateHeader, candidateLines, errorLines, stateLine } from './pretty/candidates.ts';
import { printableEvent } from './printable.ts';
import { PLAIN, type Style } from './style.ts';

/**
 * The lines of the candidates' table as they come, for a terminal; `prettySummary` follows once the run is over. Only the
 * gathering of all servers together: those of single URLs would tell everything twice.
 */
export function liveLines(style: Style = PLAIN): (event: RunEvent) => readonly string[] {
  let begun = false;
  return (event) => {
    const lines = isShown(event) ? linesOf(printableEvent(event), style) : [];
    if (lines.length === 0 || begun) return lines;
    begun = true;
    return [candidateHeader(style), ...lines];
  };
}

/** Most events are packets: not worth a copy. */
function isShown({ type }: RunEvent): boolean {
  return type === 'gathering-state' || type === 'candidate' || type === 'candidate-error';
}

function linesOf(event: RunEvent, style: Style): readonly string[] {
  switch (event.type) {
    case 'gathering-state':
      return event.url === null ? [stateLine(event.state, event.ms, style)] : [];
    case 'candidate':
      return event.gathering === null ? candidateLines(event.candidate, event.ms, style) : [];
    case 'candidate-error':
      return event.gathering === null ? errorLines(event, event.ms, style) : [];
    default:
      return [];
  }
}
