import type { Bridges, CallIceServer } from '../core/call/path.ts';
import { parseServerUri } from '../core/stun/uri.ts';
import type { TlsPolicy } from '../net/tls.ts';
import { openTlsBridge, type TlsBridge } from '../net/tls-bridge.ts';
import type { EventSink } from '../record/recorder.ts';

/**
 * A bridge for each `turns:` URL: libwebrtc in a process trusts a list of its own, neither the system's nor `--ca`. Close
 * it after the peers.
 */
export async function openBridges(
  servers: readonly CallIceServer[],
  policy: TlsPolicy,
  record: EventSink,
): Promise<AsyncDisposable & { readonly bridges: Bridges }> {
  const opened: TlsBridge[] = [];
  const bridges: Record<string, string> = {};
  for (const url of new Set(servers.flatMap(({ urls }) => urls))) {
    const uri = parseServerUri(url);
    if (!uri.ok || uri.value.scheme !== 'turns' || uri.value.transport !== 'tls') continue;
    const bridge = await openTlsBridge(uri.value, policy, record);
    opened.push(bridge);
    // As the stack names it in its statistics, too.
    bridges[url] = `turn:127.0.0.1:${bridge.port}?transport=tcp`;
  }
  return {
    bridges,
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((bridge) => bridge[Symbol.asyncDispose]()));
    },
  };
}
