import { sameSocketAddress } from '../core/address.ts';
import type { LadderTarget } from './ladder.ts';

/**
 * What to ask beside a server that is silent over UDP: the same port over TCP. An answer tells a server that is down, or a
 * wrong address, from UDP that is dropped. Undefined where somebody asks that already. No credentials go there.
 */
export function controlOf(silent: LadderTarget, all: readonly LadderTarget[]): LadderTarget | undefined {
  if (silent.kind !== 'udp' || silent.control !== undefined) return undefined;
  const isAsked = all.some(
    ({ kind, server }) =>
      kind !== 'udp' && (sameSocketAddress(server, silent.server) || server.address === silent.server.address),
  );
  // Of several URLs that lead to the same silence, the first one's control is enough.
  const first = all.find(({ kind, server }) => kind === 'udp' && sameSocketAddress(server, silent.server));
  if (isAsked || first !== silent) return undefined;
  const { credentials: _, ...rest } = silent;
  const host = silent.host.includes(':') ? `[${silent.host}]` : silent.host;
  return {
    ...rest,
    url: `turn:${host}:${silent.server.port}?transport=tcp`,
    relay: false,
    kind: 'tcp',
    control: 'does TCP answer where UDP is silent?',
  };
}
