import { parseServerUri } from '../../core/stun/uri.ts';
import type { RunEvent } from '../../record/events.ts';
import type { Call } from '../../record/report.ts';
import type { View } from '../view.ts';

/** What the ends of a call had to say of the servers that they were given. */
export interface ServerErrors {
  readonly words: readonly string[];
  /** What these words were taken from, beyond the states of the ends. */
  readonly evidence: readonly RunEvent[];
}

/**
 * The errors of gathering as the WebRTC implementations tell them; for a `turns:` URL that went over a bridge of ours, what
 * the bridge saw there: the implementation knows no more than that its connection was closed (701).
 */
export function serverErrors(view: View, { peers }: Call): ServerErrors {
  const evidence: RunEvent[] = [];
  const words = peers
    .flatMap((peer) => peer.errors)
    .map((error) => {
      const url = error.split(': ', 1)[0] ?? '';
      const failed = view.events.findLast((event) => isOfBridge(event, url));
      if (failed?.type !== 'transport-failed') return error;
      const shaken = view.events.find((event) => event.type === 'tls' && event.transport === failed.transport);
      const [problem] = shaken?.type === 'tls' ? shaken.problems : [];
      evidence.push(failed, ...(shaken === undefined ? [] : [shaken]));
      return `${url}: ${problem === undefined ? failed.error : `TLS: ${problem.code}: ${problem.detail}`}`;
    });
  return { words: [...new Set(words)], evidence };
}

/** A connection to that server that did not come about: its transports are named after it, with a number for each. */
function isOfBridge(event: RunEvent, url: string): boolean {
  if (event.type !== 'transport-failed') return false;
  const uri = parseServerUri(url);
  return (
    uri.ok && uri.value.scheme === 'turns' && event.transport.startsWith(`tls:${uri.value.host}:${uri.value.port}#`)
  );
}
