import { Secret } from '../../core/secret.ts';
import { type MonitorServer, startMonitorServer } from '../../monitor/server.ts';
import { listInterfaces } from '../../net/interfaces.ts';
import { HEADERS, isLoopback, isWildcard } from '../../web/server/guard.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { formatUsageError, UsageError } from '../errors.ts';
import { readTextFile } from '../files.ts';
import { startLocal } from '../gather/local.ts';
import { doorFor } from '../monitor/door.ts';
import { monitorOptions } from '../monitor/options.ts';
import { parseWebhookUrl, poster } from '../monitor/post.ts';
import { type MonitorValues, readWatchList, type WatchList, watchLocal } from '../monitor/targets.ts';
import { Watch, type WebhookTarget } from '../monitor/watch.ts';
import { networkOptions } from '../options/network.ts';
import { serverOptions } from '../options/server.ts';
import { targetOptions } from '../targets/options.ts';
import { listenError } from '../web/listen.ts';

const DEFAULT_PORT = 13_478;
/** What is fetched may hold credentials that do not last. */
const FETCH_AGAIN_MS = 10 * 60_000;

export const command = defineCommand({
  positionals: '[url...]',
  description:
    'Tests targets on a schedule, as iceprobe check does, and tells each change once: down, recovered, a new finding, gone. ' +
    'Serves /metrics for Prometheus, /probe?target=NAME, /status, /healthz and a page. Targets come from -c FILE or ' +
    'iceprobe.config.json, which SIGHUP reads again; from URLs, one target for each.',
  options: { ...serverOptions, ...targetOptions, ...networkOptions, ...monitorOptions },
  examples: [
    ['iceprobe monitor', 'the targets of iceprobe.config.json in this folder'],
    [
      'iceprobe monitor turn:turn.example.org stun:stun.example.org --interval 30',
      'user and credential from the environment',
    ],
    ['iceprobe monitor -c fleet.json --listen 0.0.0.0 --host monitor.example.org', 'for a Prometheus elsewhere'],
    ['iceprobe monitor -c fleet.json -f ndjson -o changes.log --webhook https://example.org/hook', 'tell others'],
  ],
  async run({ options: given, positionals }, context) {
    const webhook = await readWebhook(given, context);
    await using local = given.local === true ? await startLocal() : undefined;
    const read = (): Promise<WatchList> =>
      local === undefined ? readWatchList(positionals, given, context) : watchLocal(local, given);
    const list = await read();
    const watch = new Watch(given, webhook, context);
    let server: MonitorServer | undefined;
    try {
      server = await listen(given, watch);
      await context.stdout.write(readyLine(given, server, list));
      watch.setTargets(list);
      return await watching({ watch, read, list, values: given, context });
    } finally {
      await watch.close();
      await server?.close();
    }
  },
});

interface Watching {
  readonly watch: Watch;
  readonly read: () => Promise<WatchList>;
  readonly list: WatchList;
  readonly values: MonitorValues;
  readonly context: Context;
}

/** Until a signal ends it, or its terminal goes. */
async function watching({ watch, read, list, values, context }: Watching): Promise<number> {
  const { signal } = context;
  let wishes = 0;
  const reload = async (): Promise<void> => {
    // While it is being read the file may have changed again.
    if (++wishes > 1) return;
    for (; wishes > 0; wishes--) {
      wishes = 1;
      await readAgain(watch, read, list.source);
    }
  };
  let refetch: NodeJS.Timeout | undefined;
  try {
    return await new Promise<number>((resolve, reject) => {
      context.onHangup?.(() => {
        watch.reopenLog();
        if (list.source !== undefined || values.output === undefined) reload().catch(reject);
      });
      if (values.from !== undefined) refetch = setInterval(() => void reload().catch(reject), FETCH_AGAIN_MS);
      watch.onTerminalGone = () => resolve(129);
      if (signal.aborted) resolve(0);
      else signal.addEventListener('abort', () => resolve(0), { once: true });
    });
  } finally {
    clearInterval(refetch);
  }
}

/** What cannot be used is kept out: the targets from before go on. */
async function readAgain(watch: Watch, read: () => Promise<WatchList>, source: string | undefined): Promise<void> {
  if (source === undefined) {
    watch.remark('there is no file to read again: the targets were given on the command line');
    return;
  }
  try {
    const list = await read();
    if (watch.monitor.isClosed) return;
    watch.setTargets(list);
    watch.own.noteReload(true, new Date());
    watch.remark(`${source} is read again: ${count(list)}`);
  } catch (error) {
    if (watch.monitor.isClosed) return;
    if (!(error instanceof UsageError)) throw error;
    watch.own.noteReload(false, new Date());
    watch.remark(`${source} is not taken over, the targets stay as they were:\n${formatUsageError(error).trimEnd()}`);
  }
}

async function readWebhook(given: MonitorValues, { env }: Context): Promise<WebhookTarget | undefined> {
  const text = given.webhook ?? nonEmpty(env['ICEPROBE_WEBHOOK']);
  const file = given['webhook-secret-file'];
  if (text === undefined) {
    if (file === undefined) return undefined;
    throw new UsageError('--webhook-secret-file without a webhook', 'add --webhook URL, or set ICEPROBE_WEBHOOK');
  }
  const url = parseWebhookUrl(text);
  const secret =
    file === undefined ? nonEmpty(env['ICEPROBE_WEBHOOK_SECRET']) : await firstLine(file, '--webhook-secret-file');
  return { name: url.origin, post: poster(url, secret === undefined ? undefined : new Secret(secret)) };
}

async function firstLine(file: string, option: string): Promise<string> {
  const line = (await readTextFile(file, option)).split(/\r?\n/)[0] ?? '';
  if (line === '') throw new UsageError(`${option} ${file}: its first line is empty`, 'put the secret there');
  return line;
}

async function listen({ listen: address = '127.0.0.1', port = DEFAULT_PORT, host = [] }: MonitorValues, watch: Watch) {
  try {
    return await startMonitorServer({
      listen: address,
      port,
      refuse: doorFor(host),
      headers: HEADERS,
      monitor: watch.monitor,
      own: watch.own,
      now: () => new Date(),
    });
  } catch (error) {
    throw listenError(error, address, port);
  }
}

function readyLine({ listen: address = '127.0.0.1', format }: MonitorValues, { port }: MonitorServer, list: WatchList) {
  const host = isWildcard(address) ? ownAddress(address) : address;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
  if (format === 'ndjson') return `${JSON.stringify({ ready: url, targets: list.targets.length })}\n`;
  const open = isLoopback(address) ? '' : ', open to whoever reaches it';
  return `ready: ${url} (${count(list)}${open})\n`;
}

function ownAddress(wildcard: string): string {
  const own = listInterfaces().filter(({ kind, address }) => kind !== 'loopback' && !address.includes('%'));
  return own[0]?.address ?? wildcard;
}

function count({ targets }: WatchList): string {
  return targets.length === 1 ? '1 target' : `${targets.length} targets`;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
