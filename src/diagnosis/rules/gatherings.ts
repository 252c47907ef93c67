import type { Gathering } from '../../record/report.ts';
import type { ServerView, View } from '../view.ts';

/** The gatherings with all servers together, once they ended. */
export function gatheringsOfAll(view: View): Gathering[] {
  return (view.observation.gatherings ?? []).filter(
    (gathering) => gathering.url === null && gathering.states.at(-1)?.state === 'complete',
  );
}

export function isTurn(server: ServerView): boolean {
  return server.uri?.scheme === 'turn' || server.uri?.scheme === 'turns';
}
