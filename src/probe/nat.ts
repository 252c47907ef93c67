import type { Family, SocketAddress } from '../core/address.ts';
import { sameSocketAddress } from '../core/address.ts';
import type { LocalAddress } from '../core/ice/gatherer-io.ts';
import { NatDiscovery } from '../core/nat/discovery.ts';
import type { NatInput } from '../core/nat/discovery-io.ts';
import { idleTimes } from '../core/nat/lifetime.ts';
import { TcpMapping, type TcpMappingInput } from '../core/nat/tcp-mapping.ts';
import { Driver } from '../net/drive.ts';
import { openEar } from './ear.ts';
import type { ProbeEnvironment } from './environment.ts';
import type { LadderTarget } from './ladder.ts';
import { askGateway } from './nat-gateway.ts';
import { measureLifetime } from './nat-lifetime.ts';
import { NatMachine } from './nat-machine.ts';
import { type NatRelay, openNatRelay } from './nat-relays.ts';
import { PROBE_TIMING } from './timing.ts';

export interface NatTask {
  /** Every way to every server; those over UDP are asked, those with a relay send for us. */
  readonly targets: readonly LadderTarget[];
  readonly signal: AbortSignal;
  /** Seconds up to which the life of an idle binding is looked for; absent: not at all. */
  readonly lifetimeSeconds?: number;
  readonly askGateway?: boolean;
}

/** Two relays on different addresses can tell address-dependent filtering from endpoint-independent; more tell no more. */
const RELAYS = 2;
/** Neighbouring idle times: the result is within about half of this of the truth. */
const LIFETIME_RATIO = 1.15;
const SHORTEST_LIFETIME = 2;

/** Finds the behaviour of the NATs in front of each address that the targets are reached from. */
export async function discoverNats(task: NatTask, environment: ProbeEnvironment): Promise<void> {
  const locals = new Map<string, LadderTarget[]>();
  for (const target of task.targets) {
    const key = `${target.local.family} ${target.local.address}`;
    locals.set(key, [...(locals.get(key) ?? []), target]);
  }
  await Promise.all([...locals.values()].map((targets) => discoverNat(targets, task, environment)));
}

let discoveries = 0;

async function discoverNat(
  targets: readonly LadderTarget[],
  task: NatTask,
  environment: ProbeEnvironment,
): Promise<void> {
  const local = targets[0]?.local;
  if (local === undefined) return;
  await Promise.all([
    discoverUdp(targets, local, task, environment),
    discoverTcp(targets, local, task, environment),
    task.askGateway === true ? askGateway(local, task.signal, environment) : undefined,
  ]);
}

/** Over TCP, the servers' ports for TCP, and those for UDP, which mostly serve both. */
async function discoverTcp(
  targets: readonly LadderTarget[],
  { interface: name, family, address }: LocalAddress,
  { signal }: NatTask,
  environment: ProbeEnvironment,
): Promise<void> {
  const order = ['tcp', 'udp'] as const;
  const servers = distinct(order.flatMap((each) => targets.filter(({ kind }) => kind === each)).map((t) => t.server));
  const machine = new TcpMapping(
    { interface: name === '' ? null : name, family, localAddress: address, servers },
    environment.random,
    `nat-tcp-${++discoveries}`,
  );
  const driver = new Driver<TcpMappingInput>(machine, () => machine.finished, environment);
  const kill = () => driver.close();
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  driver.handle({ type: 'start' });
  await driver.done.finally(() => signal.removeEventListener('abort', kill));
}

async function discoverUdp(
  targets: readonly LadderTarget[],
  local: LocalAddress,
  task: NatTask,
  environment: ProbeEnvironment,
): Promise<void> {
  const servers = distinct(targets.filter(({ kind }) => kind === 'udp').map(({ server }) => server));
  if (servers.length === 0) return;
  const { family, interface: name, address } = local;
  const candidates = relayTargets(targets);
  const discovery = new NatDiscovery(
    {
      interface: name === '' ? null : name,
      family,
      localAddress: address,
      servers,
      relays: candidates.length,
    },
    environment.random,
    `nat-${++discoveries}`,
  );
  const relays = new Map<string, NatRelay>();
  const machine = new NatMachine(discovery, (relay, to, bytes) => relays.get(relay)?.send(to, bytes));
  const driver = new Driver<NatInput>(machine, () => machine.finished, environment);
  const kill = () => driver.close();
  task.signal.addEventListener('abort', kill, { once: true });
  if (task.signal.aborted) kill();
  driver.handle({ type: 'start' });
  // The sockets of the discovery are unconnected, and hear no ICMP.
  const ears = servers.map((server) => {
    const ear = openEar(local, server, environment);
    void ear.heard.then(() => driver.handle({ type: 'refused', server }));
    return ear;
  });
  const opening = candidates.map((target) => openRelay(target, family, driver, relays, environment));
  try {
    await driver.done;
    await Promise.all(opening);
    if (task.lifetimeSeconds !== undefined && !task.signal.aborted) {
      await lifetime(task.lifetimeSeconds, local, servers, relays, task.signal, environment);
    }
  } finally {
    task.signal.removeEventListener('abort', kill);
    for (const ear of ears) ear.close();
    await Promise.all(opening);
    await Promise.all([...relays.values()].map((relay) => relay.release()));
  }
}

async function openRelay(
  target: LadderTarget,
  family: Family,
  driver: Driver<NatInput>,
  relays: Map<string, NatRelay>,
  environment: ProbeEnvironment,
): Promise<void> {
  const heard = (relay: string, from: SocketAddress, bytes: Uint8Array) =>
    driver.handle({ type: 'relay-received', relay, from, bytes });
  const relay = await openNatRelay(target, family, PROBE_TIMING, heard, environment);
  if (relay === undefined) {
    driver.handle({ type: 'relay-failed', relay: target.url, reason: 'no allocation' });
    return;
  }
  relays.set(relay.id, relay);
  driver.handle({ type: 'relay-ready', relay: relay.id, relayed: relay.relayed });
}

/** One way to each server, the quickest kind first. */
function relayTargets(targets: readonly LadderTarget[]): readonly LadderTarget[] {
  const order = ['udp', 'tcp', 'tls'] as const;
  const able = targets
    .filter(({ relay, credentials }) => relay && credentials !== undefined)
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const byAddress = new Map<string, LadderTarget>();
  for (const target of able) if (!byAddress.has(target.server.address)) byAddress.set(target.server.address, target);
  return [...byAddress.values()].slice(0, RELAYS);
}

async function lifetime(
  seconds: number,
  local: LocalAddress,
  servers: readonly SocketAddress[],
  relays: ReadonlyMap<string, NatRelay>,
  signal: AbortSignal,
  environment: ProbeEnvironment,
): Promise<void> {
  const [server] = servers;
  if (server === undefined) return;
  const [relay] = relays.values();
  const idleSeconds = idleTimes(SHORTEST_LIFETIME, Math.max(SHORTEST_LIFETIME, seconds), LIFETIME_RATIO);
  // A relay is believed rather than RESPONSE-PORT: servers without RFC 5780 ignore that attribute and answer as usual.
  const sender =
    relay === undefined ? ({ via: 'rfc5780', server } as const) : ({ via: 'relay', server, relay } as const);
  await measureLifetime({ local, sender, idleSeconds, signal }, environment);
}

function distinct(addresses: readonly SocketAddress[]): readonly SocketAddress[] {
  return addresses.filter((address, i) => addresses.findIndex((other) => sameSocketAddress(other, address)) === i);
}
