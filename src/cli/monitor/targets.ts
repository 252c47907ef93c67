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
import { configFileFor } from '../targets/choose.ts';
import { loadTargets } from '../targets/load.ts';
import type { targetOptions } from '../targets/options.ts';
import { overridesOf } from '../targets/overrides.ts';
import type { monitorOptions } from './options.ts';

export type MonitorValues = ValuesOf<typeof serverOptions> &
  ValuesOf<typeof targetOptions> &
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
  const file = await configFileFor(positionals, values);
  if (file !== undefined) {
    const { interval, jitter, target = [] } = values;
    const schedule = { ...optional('interval', interval), ...optional('jitter', jitter) };
    const { targets, concurrency } = await loadTargets(file, target, context, overridesOf(values), schedule);
    return { targets, ...optional('concurrency', concurrency), source: file };
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
