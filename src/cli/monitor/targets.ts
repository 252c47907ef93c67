import { readFileSync } from 'node:fs';
import type { Target, TargetOptions } from '../../check/targets/target.ts';
import { optional } from '../../core/optional.ts';
import { Secret } from '../../core/secret.ts';
import { checksFor, expectationsOf } from '../check/read.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import type { startLocal } from '../gather/local.ts';
import { readNetwork } from '../gather/network.ts';
import type { networkOptions } from '../options/network.ts';
import type { ValuesOf } from '../options/option.ts';
import type { serverOptions } from '../options/server.ts';
import type { Configuration, ConfiguredServer } from '../servers/configuration.ts';
import { configure } from '../servers/configure.ts';
import { requireValid } from '../servers/validate.ts';
import { findConfigFile } from '../targets/document.ts';
import { loadTargets } from '../targets/load.ts';
import type { monitorOptions } from './options.ts';

export type MonitorValues = ValuesOf<typeof serverOptions> &
  ValuesOf<typeof networkOptions> &
  ValuesOf<typeof monitorOptions>;

/** What is to be watched. */
export interface WatchList {
  readonly targets: readonly Target[];
  /** How many at a time, where the file says so. */
  readonly concurrency?: number;
  /** Where it was read from and may be read again; undefined: there is nothing to read again. */
  readonly source: string | undefined;
}

const DEFAULT_INTERVAL_SECONDS = 60;

/**
 * The targets of a configuration file; or from URLs, wherever they come from, one target for each. Throws `UsageError`,
 * on a second reading as on the first.
 */
export async function readWatchList(
  positionals: readonly string[],
  values: MonitorValues,
  context: Context,
): Promise<WatchList> {
  const file = targetsFile(positionals, values);
  if (file !== undefined) {
    refuseFlags(file, values);
    const { targets, concurrency } = await loadTargets(file, [], context);
    return { targets, concurrency, source: file };
  }
  const configuration = await configure(positionals, values, context);
  if (configuration === undefined) {
    throw new UsageError(
      'monitor needs something to watch, and nothing is given',
      'give URLs, or --local for a look around, or -c FILE with "targets" in it: iceprobe.config.json, which is found by itself in this folder',
    );
  }
  requireValid(configuration, context);
  return {
    targets: await targetsOf(configuration, values),
    source: values.config === '-' ? undefined : (values.config ?? (values.from === undefined ? undefined : '--from')),
  };
}

/** A file with targets that was named, or where nothing at all was, the one in this folder. */
function targetsFile(positionals: readonly string[], values: MonitorValues): string | undefined {
  const { config, from, local } = values;
  if (config !== undefined) return config !== '-' && holdsTargets(config) ? config : undefined;
  const isAnythingGiven = positionals.length > 0 || from !== undefined || values['ice-servers'] !== undefined;
  return isAnythingGiven || local === true ? undefined : findConfigFile();
}

/** Rather than servers alone, as an RTCConfiguration. What cannot be read is told by whoever reads it. */
function holdsTargets(path: string): boolean {
  try {
    return /["']?\btargets\b["']?\s*:/.test(readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
}

/** What stands in the file for each target cannot be overruled for all of them. */
const IN_FILE = [
  'username',
  'credential',
  'credential-file',
  'secret',
  'policy',
  'family',
  'interface',
  'timeout',
  'rto',
  'insecure',
  'ca',
  'loopback',
  'interval',
  'jitter',
] as const;

function refuseFlags(file: string, values: MonitorValues): void {
  const given = IN_FILE.find((name) => values[name] !== undefined);
  if (given === undefined) return;
  throw new UsageError(
    `--${given} is for URLs, and the targets come from ${file}`,
    `put it there, under "defaults" or a target's own`,
  );
}

/** Of the embedded server. */
export async function watchLocal(local: LocalServer, values: MonitorValues): Promise<WatchList> {
  const servers = local.options.iceServers.map(({ urls, username, credential }) => ({
    urls: [urls].flat().map((text) => ({ text, where: undefined })),
    ...optional('username', username),
    ...optional('credential', typeof credential === 'string' ? new Secret(credential) : credential),
  }));
  const configuration = { servers, policy: values.policy ?? 'all', remarks: [] };
  return { targets: await targetsOf(configuration, values, local.options.ca), source: undefined };
}

type LocalServer = Awaited<ReturnType<typeof startLocal>>;

async function targetsOf(configuration: Configuration, values: MonitorValues, ca?: string): Promise<Target[]> {
  const network = await readNetwork(values, configuration);
  const options: TargetOptions = {
    ...network,
    iceTransportPolicy: configuration.policy,
    ...optional('ca', network.ca ?? ca),
  };
  const intervalMs = 1000 * (values.interval ?? DEFAULT_INTERVAL_SECONDS);
  const schedule = { intervalMs, jitterMs: values.jitter === undefined ? intervalMs / 10 : values.jitter * 1000 };
  const expectations = expectationsOf({});
  const names = new Map<string, number>();
  return configuration.servers.flatMap((server) =>
    server.urls.map(({ text: url }) => {
      // The same URL with another account.
      const count = (names.get(url) ?? 0) + 1;
      names.set(url, count);
      return {
        name: count === 1 ? url : `${url} #${count}`,
        urls: [url],
        servers: () => [withLogin(url, server)],
        options,
        checks: checksFor([url], expectations),
        leftOut: [],
        allowances: [],
        failOn: 'error',
        retries: 0,
        schedule,
      };
    }),
  );
}

function withLogin(url: string, { username, credential, renew }: ConfiguredServer) {
  const login = renew?.() ?? { ...optional('username', username), ...optional('credential', credential) };
  return { urls: [url], ...login };
}
