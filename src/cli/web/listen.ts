import { leadsBeyondLink } from '../../core/address.ts';
import { listInterfaces } from '../../net/interfaces.ts';
import { isLoopback, isWildcard } from '../../web/server/guard.ts';
import { UsageError } from '../errors.ts';

/** A place that cannot be listened at is a mistake of the call; anything else is given back as it is. */
export function listenError(error: unknown, listen: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const place = `${listen} port ${port}`;
  if (code === 'EADDRINUSE') return new UsageError(`${place} is in use`, '--port 0 picks a free one');
  if (code === 'EACCES') return new UsageError(`${place}: not permitted`, 'ports below 1024 need privileges');
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EINVAL') {
    const own = listInterfaces().map(({ address }) => address);
    return new UsageError(`${listen}: this machine has no such address`, `it has ${own.join(', ')}`);
  }
  return error;
}

/**
 * By which addresses a server of rooms is reached, those that others reach first: `wss://192.0.2.1:4433/?pin=...`, where the
 * pin is the fingerprint of its certificate.
 */
export function roomServerUrls(listen: string, port: number, fingerprint: string | undefined): readonly string[] {
  const own = listInterfaces().filter(
    ({ address, kind, family }) => leadsBeyondLink(kind) && !address.includes('%') && (listen === '::' || family === 4),
  );
  const addresses = isWildcard(listen) ? own.map(({ address }) => address) : [listen];
  const scheme = isLoopback(listen) ? 'ws' : 'wss';
  const pin = fingerprint === undefined ? '' : `/?pin=${fingerprint}`;
  return addresses.map((each) => `${scheme}://${each.includes(':') ? `[${each}]` : each}:${port}${pin}`);
}
