import { TurnServerOptionError, type TurnServerOptions } from '../../turn-server/options.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readTextFile } from '../files.ts';
import type { ValuesOf } from '../options/option.ts';
import type { turnServerOptions } from './options.ts';

export type GivenOptions = ValuesOf<typeof turnServerOptions>;

export const DEFAULT_PORT = 3478;
export const DEFAULT_TLS_PORT = 5349;

/** The command line as the library takes it. Throws {@link UsageError}. */
export async function readTurnServerOptions(given: GivenOptions, context: Context): Promise<TurnServerOptions> {
  const envSecret = context.env['ICEPROBE_SECRET'];
  if (envSecret === '') throw new UsageError('ICEPROBE_SECRET is set, but empty', 'set it to a secret, or unset it');
  const secret = given.secret ?? envSecret;
  if (given.lan === true && given.listen !== undefined) {
    throw new UsageError('--lan and --listen exclude each other', '--lan listens on every address');
  }
  const users = given.user ?? [];
  const names = users.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--user ${twice} is given twice`, 'an account has one password');
  const tls = await readTls(given);
  return {
    ...(given.listen === undefined ? {} : { listen: given.listen }),
    ...(given.lan === undefined ? {} : { lan: given.lan }),
    port: given.port ?? DEFAULT_PORT,
    tlsPort: given['tls-port'] ?? DEFAULT_TLS_PORT,
    ...(given['alternate-port'] === undefined ? {} : { alternatePort: given['alternate-port'] }),
    ...(given['relay-ports'] === undefined ? {} : { relayPorts: given['relay-ports'] }),
    ...(given['external-ip'] === undefined ? {} : { externalIp: given['external-ip'] }),
    ...(given['allow-peer'] === undefined ? {} : { allowPeers: given['allow-peer'] }),
    ...(users.length === 0 ? {} : { users: Object.fromEntries(users) }),
    ...(secret === undefined ? {} : { secret }),
    ...(given.realm === undefined ? {} : { realm: given.realm }),
    ...(given.name === undefined ? {} : { names: given.name }),
    ...(given['status-port'] === undefined ? {} : { statusPort: given['status-port'] }),
    ...(given['status-origin'] === undefined ? {} : { statusOrigins: given['status-origin'] }),
    ...(given.fault === undefined ? {} : { faults: given.fault }),
    ...(given.seed === undefined ? {} : { seed: given.seed }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** What starting it threw, as the user's mistake where it is one. */
export function asUsageError(error: unknown): unknown {
  if (error instanceof TurnServerOptionError) return new UsageError(error.message, '--help tells what it takes');
  const { code, port, address } = error as NodeJS.ErrnoException & {
    readonly port?: number;
    readonly address?: string;
  };
  const place = `${address ?? ''}${port === undefined ? '' : ` port ${port}`}`.trim();
  switch (code) {
    case 'EADDRINUSE':
      return new UsageError(`${place} is in use`, 'another server runs there; --port 0 --tls-port 0 picks free ports');
    case 'EADDRNOTAVAIL':
      return new UsageError(`${place}: this machine has no such address`, '--lan listens on every address it has');
    case 'EACCES':
      return new UsageError(`${place}: not permitted`, 'ports below 1024 need privileges');
    default:
      return error;
  }
}

async function readTls(given: GivenOptions): Promise<{ cert: string; key: string } | undefined> {
  if (given.cert === undefined && given.key === undefined) return undefined;
  if (given.cert === undefined || given.key === undefined) {
    throw new UsageError('--cert and --key belong together', 'give both, or neither to have a certificate made');
  }
  const [cert, key] = await Promise.all([readTextFile(given.cert, '--cert'), readTextFile(given.key, '--key')]);
  return { cert, key };
}
