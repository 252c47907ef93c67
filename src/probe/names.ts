import type { Family, SocketAddress } from '../core/address.ts';
import type { StageData, StageEnded } from '../core/attempt.ts';
import type { GathererInput, GatherServer } from '../core/ice/gatherer-io.ts';
import type { NameAnswer, NameResolver, ServiceTarget } from '../net/resolve.ts';
import type { EventBody, ResolveErrorCode } from '../record/events.ts';

export type Resolved = Extract<GathererInput, { readonly type: 'resolved' }>;

export interface NamesTask {
  readonly servers: readonly GatherServer[];
  readonly families: readonly Family[];
  readonly resolver: NameResolver;
  /** Of all names, which are asked at once. */
  readonly timeoutMs: number;
  /** Look for SRV records where a URL has no port. */
  readonly srv: boolean;
  readonly record: (body: EventBody) => void;
  /** Addresses as they become known. */
  readonly told: (input: Resolved) => void;
}

/** Finds the addresses of all servers: each name is asked once, each family told as it comes. Never rejects. */
export async function resolveNames(task: NamesTask): Promise<void> {
  const groups = new Map<string, GatherServer[]>();
  for (const server of task.servers) {
    const key = isServiceWanted(server, task) ? `${server.uri.scheme} ${server.uri.transport} ` : '';
    const group = `${key}${server.uri.host}`;
    groups.set(group, [...(groups.get(group) ?? []), server]);
  }
  await Promise.all([...groups.values()].map((servers) => resolveGroup(servers, task)));
}

function isServiceWanted({ uri }: GatherServer, { srv }: NamesTask): boolean {
  return srv && !uri.explicitPort && uri.literal === undefined;
}

/** Servers of one host, and where services are looked for, of one scheme and transport. */
async function resolveGroup(servers: readonly GatherServer[], task: NamesTask): Promise<void> {
  const [first] = servers;
  if (first === undefined) return;
  const startedAt = performance.now();
  const targets = isServiceWanted(first, task) ? await findService(first, servers, task) : [];
  const collected: Collected = { known: new Map(), errors: [] };
  if (targets.length === 0) await askHost(first.uri.host, undefined, servers, task, collected);
  // RFC 2782: in this order; a target that fails leaves the others.
  for (const { host, port } of targets) await askHost(host, port, servers, task, collected);
  const durationMs = performance.now() - startedAt;
  for (const server of servers) {
    const addresses = collected.known.get(server.url) ?? [];
    const failure = addresses.length > 0 ? undefined : failureOf(first.uri.host, collected.errors, task.families);
    task.record(stageOf(server.url, addresses, failure, durationMs));
    task.told({
      type: 'resolved',
      url: server.url,
      addresses: [],
      final: true,
      ...(failure === undefined ? {} : { failure }),
    });
  }
}

interface Collected {
  readonly known: Map<string, SocketAddress[]>;
  readonly errors: NameAnswer[];
}

async function askHost(
  host: string,
  servicePort: number | undefined,
  servers: readonly GatherServer[],
  task: NamesTask,
  { known, errors }: Collected,
): Promise<void> {
  const urls = servers.map(({ url }) => url);
  await task.resolver.resolve(host, task.families, task.timeoutMs, (answer) => {
    const { family, addresses, source, error, errorText, durationMs } = answer;
    task.record({ type: 'resolve', urls, host, family, addresses, source, error, errorText, durationMs });
    if (error !== null) errors.push(answer);
    if (addresses.length === 0) return;
    for (const { url, uri } of servers) {
      const port = servicePort ?? uri.port;
      const found = addresses.map((address) => ({ family, address, port }));
      known.set(url, [...(known.get(url) ?? []), ...found]);
      task.told({ type: 'resolved', url, addresses: found, final: false });
    }
  });
}

async function findService(
  { uri }: GatherServer,
  servers: readonly GatherServer[],
  task: NamesTask,
): Promise<readonly ServiceTarget[]> {
  const protocol = uri.transport === 'udp' ? 'udp' : 'tcp';
  const answer = await task.resolver.resolveService(uri.scheme, protocol, uri.host, task.timeoutMs);
  task.record({
    type: 'resolve',
    urls: servers.map(({ url }) => url),
    host: `_${uri.scheme}._${protocol}.${uri.host}`,
    family: null,
    addresses: answer.targets.map(({ host, port }) => `${host}:${port}`),
    source: 'srv',
    error: answer.error,
    errorText: answer.errorText,
    durationMs: answer.durationMs,
  });
  return answer.targets;
}

type Failure = NonNullable<Resolved['failure']>;

function failureOf(host: string, errors: readonly NameAnswer[], families: readonly Family[]): Failure {
  const only = families.length === 1 ? `IPv${families[0]}` : undefined;
  // An address literal of the other family: nothing was asked, nothing failed.
  if (errors.length === 0) return { cause: 'dns-failed', detail: `${host} is no ${only ?? 'usable'} address` };
  const codes = new Set<ResolveErrorCode | null>(errors.map(({ error }) => error));
  const detail = errors
    .map(({ family, error, errorText }) => `${family === 4 ? 'A' : 'AAAA'}: ${errorText ?? error}`)
    .join(', ');
  if ([...codes].every((code) => code === 'not-found' || code === 'no-data')) return { cause: 'dns-not-found', detail };
  return { cause: codes.has('timeout') ? 'dns-timeout' : 'dns-failed', detail };
}

function stageOf(
  url: string,
  addresses: readonly SocketAddress[],
  failure: Failure | undefined,
  durationMs: number,
): StageEnded {
  const texts = addresses.map(({ address }) => address);
  const data: StageData =
    failure === undefined ? { addresses: texts } : { cause: failure.cause, problem: failure.detail };
  return {
    type: 'stage',
    url,
    attempt: null,
    transport: null,
    stage: 'resolve',
    status: failure === undefined ? 'pass' : 'fail',
    durationMs,
    detail: failure?.detail ?? texts.join(', '),
    data,
  };
}
