import { hostname } from 'node:os';
import { familyOf } from '../../core/address.ts';
import type { MonitorServerOptions } from '../../monitor/server.ts';
import { isEmbedded } from '../../web/server/guard.ts';

/**
 * Who is answered. Whoever reaches the port may read, so the rules are about pages of others in a browser that reaches it:
 * they must not get in by a name of theirs that points here (DNS rebinding), nor make runs begin by an image or a frame.
 * An address, this machine's name and `localhost` are nobody else's names; further ones are given (`--host`).
 */
export function doorFor(names: readonly string[]): MonitorServerOptions['refuse'] {
  const own = new Set([...names, hostname(), 'localhost'].map((name) => name.toLowerCase()));
  return (request) => {
    const name = nameIn(request.headers.host ?? '');
    if (name === undefined || !(own.has(name) || familyOf(name) !== undefined)) {
      return { status: 421, why: 'This monitor is not known by that name; --host NAME makes it known.' };
    }
    if (isEmbedded(request)) return { status: 403, why: 'Not for pages of others.' };
    return undefined;
  };
}

/** A Host header without its port, which differs where ports are mapped. */
function nameIn(host: string): string | undefined {
  return /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host)?.slice(1).find(Boolean)?.toLowerCase();
}
