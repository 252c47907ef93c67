import { type Family, formatSocketAddress, leadsBeyondLink, type SocketAddress } from '../core/address.ts';
import type { AttemptKey } from '../core/attempt.ts';
import type { GatherServer, LocalAddress } from '../core/ice/gatherer-io.ts';
import { failedStage } from '../core/stun/describe.ts';
import { causeOfSystemError } from '../core/system-error.ts';
import type { InterfaceAddress } from '../net/interfaces.ts';
import { sourceAddressFor } from '../net/source-address.ts';
import type { Controls } from './controls.ts';
import type { ProbeEnvironment } from './environment.ts';
import { askFurther } from './further.ts';
import { climb, type LadderOptions, type LadderResult, type LadderTarget } from './ladder.ts';
import { inPool } from './pool.ts';
import { PROBE_DEFAULTS, type ProbeOptions } from './probe-options.ts';
import { PROBE_TIMING } from './timing.ts';

/** Of one family of one name: more would only repeat what the first ones say. */
const ADDRESSES_PER_FAMILY = 4;
const LADDERS_AT_A_TIME = 4;
/** After the last packet of a burst. */
const DATA_WAIT_MS = 700;
/** RFC 8085 3.2: 1,200 bytes pass nearly everywhere; the others lie around the usual limits (IPv6's least MTU, Ethernet). */
const SIZES = [1200, 512, 1232, 1400, 1472];

export interface ProbingTask {
  readonly servers: readonly GatherServer[];
  readonly addresses: ReadonlyMap<string, readonly SocketAddress[]>;
  readonly interfaces: readonly InterfaceAddress[];
  readonly options: ProbeOptions;
  readonly signal: AbortSignal;
  readonly known: KnownNetwork;
  /** Tried beside what is silent or fails; absent where somebody else does that. */
  readonly controls?: Controls;
}

/** What the run has learnt of the way out before. */
export interface KnownNetwork {
  readonly mappingOf: LadderOptions['mappingOf'];
  readonly seenAddresses: LadderOptions['seenAddresses'];
}

/** Every way to every server: each URL at each of its addresses. What has no way at all is recorded as a failure. */
export async function ladderTargets(
  task: ProbingTask,
  environment: ProbeEnvironment,
): Promise<readonly LadderTarget[]> {
  const targets: LadderTarget[] = [];
  for (const server of task.servers) {
    if (server.uri.dtls === true) recordUnsupported(server, environment);
    else targets.push(...(await targetsOf(server, task, environment)));
  }
  return targets;
}

/** Climbs the ladder of every target, a few at a time. */
export async function probeServers(
  targets: readonly LadderTarget[],
  task: ProbingTask,
  environment: ProbeEnvironment,
): Promise<readonly LadderResult[]> {
  const results: LadderResult[] = [];
  // Ports are tried once for each server, not once more for each way to it.
  const portsTried = new Set<string>();
  const soaks: (() => Promise<void>)[] = [];
  const stunServers = targets.filter(({ kind }) => kind === 'udp').map(({ server }) => server);
  await inPool(targets, LADDERS_AT_A_TIME, async (target) => {
    if (task.signal.aborted) return;
    const tryPorts = target.relay && !portsTried.has(target.server.address);
    portsTried.add(target.server.address);
    const asked = task.servers.find(({ url }) => url === target.url);
    if (asked !== undefined) task.controls?.expect(asked, [target.server]);
    const options = ladderOptions(task, stunServers, tryPorts);
    const result = await climb(target, options, environment);
    results.push(result);
    const further = { ...task, target, result, timing: options.timing, data: options.data };
    await askFurther(further, 'at-once', environment);
    soaks.push(() => askFurther(further, 'soak', environment));
  });
  await Promise.all(soaks.map((begin) => begin()));
  return results;
}

function ladderOptions(
  { options, signal, known }: ProbingTask,
  stunServers: readonly SocketAddress[],
  tryPorts: boolean,
): LadderOptions {
  const { packets, size, rate, ports } = { ...PROBE_DEFAULTS, ...options };
  const { rtoMs } = options;
  return {
    timing: rtoMs === undefined ? PROBE_TIMING : { ...PROBE_TIMING, rtoMs },
    data: { packets, size, spacingMs: 1000 / rate, waitMs: DATA_WAIT_MS, signal },
    sizes: SIZES,
    extraPorts: tryPorts ? ports : 0,
    signal,
    stunServers,
    ...known,
  };
}

async function targetsOf(
  server: GatherServer,
  task: ProbingTask,
  environment: ProbeEnvironment,
): Promise<LadderTarget[]> {
  const targets: LadderTarget[] = [];
  const addresses = task.addresses.get(server.url) ?? [];
  for (const family of [4, 6] as const) {
    const own = addresses.filter((address) => address.family === family).slice(0, ADDRESSES_PER_FAMILY);
    for (const address of own) {
      const source = await sourceAddressFor(address);
      if ('error' in source) recordNoRoute(server, address, source.error, environment);
      else targets.push(targetOf(server, address, localOf(source.address, family, task), task));
    }
  }
  return targets;
}

function targetOf(
  server: GatherServer,
  address: SocketAddress,
  local: LocalAddress,
  { interfaces }: ProbingTask,
): LadderTarget {
  const { uri, username, credential } = server;
  return {
    url: server.url,
    relay: uri.scheme === 'turn' || uri.scheme === 'turns',
    kind: uri.transport,
    server: address,
    host: uri.host,
    local,
    // The address towards the server first; any other of the relay's family where the server is reached in another.
    peerLocals: [local, ...interfaces.filter(({ kind }) => leadsBeyondLink(kind)).map(toLocal)],
    ...(username !== undefined && credential !== undefined && { credentials: { username, password: credential } }),
  };
}

function toLocal({ name, family, address }: InterfaceAddress): LocalAddress {
  return { interface: name, family, address };
}

function localOf(address: string, family: Family, { interfaces, options }: ProbingTask): LocalAddress {
  const chosen = options.interfaces;
  const named = chosen && interfaces.find((each) => each.family === family && chosen.includes(each.name));
  if (named !== undefined) return toLocal(named);
  const known = interfaces.find((candidate) => candidate.address === address);
  return { interface: known?.name ?? '', family, address };
}

function recordNoRoute(
  server: GatherServer,
  address: SocketAddress,
  error: string,
  environment: ProbeEnvironment,
): void {
  const now = environment.clock.now();
  const data = { cause: causeOfSystemError(error), systemError: error };
  recordFailure(server, address, failedStage('connect', now, now, data), environment);
}

/** TURN over DTLS (RFC 7065): neither Node nor any browser has it. */
function recordUnsupported(server: GatherServer, environment: ProbeEnvironment): void {
  const now = environment.clock.now();
  const problem = 'TURN over DTLS (turns: with transport=udp) is supported by neither browsers nor this tool';
  recordFailure(server, undefined, failedStage('connect', now, now, { cause: 'unsupported', problem }), environment);
}

function recordFailure(
  server: GatherServer,
  address: SocketAddress | undefined,
  { ms, ...stage }: ReturnType<typeof failedStage>,
  environment: ProbeEnvironment,
): void {
  const attempt: AttemptKey | null =
    address === undefined
      ? null
      : {
          id: `probe-${server.url}-${formatSocketAddress(address)}`,
          family: address.family,
          address: address.address,
          port: address.port,
          transport: server.uri.transport,
          interface: null,
          localAddress: null,
        };
  environment.record({ type: 'stage', ...stage, durationMs: ms, url: server.url, attempt, transport: null });
}
