import { parseServerUri } from '../../core/stun/uri.ts';
import { finishRun } from '../../diagnosis/make-report.ts';
import { startGather } from '../../probe/gather.ts';
import type { GatherOptions } from '../../probe/gather-options.ts';
import type { PageIceServer } from '../../record/page-messages.ts';
import type { TerminalGather } from '../../web/server.ts';

/** Gathers for a page with sockets of this process, as `iceprobe gather` does. */
export function terminalGather(network: Omit<GatherOptions, 'iceServers'>): TerminalGather {
  return async ({ iceServers, iceTransportPolicy, timeoutMs }, onEvent, signal) => {
    const usable = iceServers.flatMap(usablePart);
    const run = startGather({ ...network, iceServers: usable, iceTransportPolicy, timeoutMs, signal }, finishRun);
    for await (const event of run) onEvent(event);
    await run.report;
  };
}

/** A browser refuses all servers for one mistake; the lint of the page names it, and the rest can be asked meanwhile. */
function usablePart(server: PageIceServer): PageIceServer[] {
  const hasAccount = (server.username ?? '') !== '' && (server.credential ?? '') !== '';
  const urls = server.urls.filter((url) => {
    const uri = parseServerUri(url);
    return uri.ok && (hasAccount || !uri.value.scheme.startsWith('turn'));
  });
  return urls.length === 0 ? [] : [{ ...server, urls }];
}
