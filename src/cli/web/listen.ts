import { listInterfaces } from '../../net/interfaces.ts';
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
