import type { Family, SocketAddress } from '../core/address.ts';
import type { GatherServer } from '../core/ice/gatherer-io.ts';
import { nodeHashes } from '../net/hashes.ts';
import { type InterfaceAddress, listInterfaces } from '../net/interfaces.ts';
import { systemRandom } from '../net/random.ts';
import { NameResolver } from '../net/resolve.ts';
import { TrustStore } from '../net/trust.ts';
import { reportedConfiguration } from '../record/configuration.ts';
import type { EventBody } from '../record/events.ts';
import type { Report } from '../record/report.ts';
import { Controls } from './controls.ts';
import type { ProbeEnvironment } from './environment.ts';
import type { Conclude } from './gather.ts';
import { DEFAULT_TIMEOUT_MS, type GatherOptions, requireUsable, serversOf } from './gather-options.ts';
import { Gathering } from './gathering.ts';
import { knownNetwork } from './known-network.ts';
import type { LadderTarget } from './ladder.ts';
import { NameChecks } from './name-checks.ts';
import { resolveNames } from './names.ts';
import { discoverNats } from './nat.ts';
import { type ProbeOptions, requireProbeUsable } from './probe-options.ts';
import { ladderTargets, type ProbingTask, probeServers } from './probing.ts';
import { type EventStream, Run } from './run.ts';

export type SuitePart = 'gather' | 'probe' | 'nat';

export interface SuiteOptions extends GatherOptions, ProbeOptions {
  readonly parts: readonly SuitePart[];
  /** Seconds up to which the life of an idle NAT binding is looked for; absent: not at all. */
  readonly lifetimeSeconds?: number;
  /** `stun:` URLs of servers that are asked for the NAT alone: whether they answer is no finding. */
  readonly natServers?: readonly string[];
  /** Ask the default gateway for its outer address, to see whether it is behind another NAT. */
  readonly askGateway?: boolean;
}

export interface SuiteRun extends EventStream {
  /** Comes by the deadline, aborted or not; rejects only where iceprobe itself is at fault. */
  readonly report: Promise<Report>;
}

/** What is kept of the run's time for giving allocations back. */
const RELEASE_MS = 1000;
const NAMES_TIMEOUT_MS = 5000;
/** How long the gathering may hold up what comes after it: a silent server must not eat the time of the others. */
const GATHER_HEAD_START_MS = 1500;
/** Healthy servers are through with the NAT's tests by then. */
const NAT_HEAD_START_MS = 1500;
const AUDIT_REMARK =
  '--audit asks what the owner of a server may want to know: permissions for private addresses, loopback and cloud ' +
  'metadata, old TLS. Use it on servers of your own.';

/** Asks several questions of a network in one run, with one report. Throws `ConfigurationError` for impossible options. */
export function startSuite(options: SuiteOptions, conclude: Conclude): SuiteRun {
  requireUsable(options);
  requireProbeUsable(options);
  const servers = serversOf(options.iceServers);
  const trust = new TrustStore(options.ca);
  if (servers.some(({ uri }) => uri.transport === 'tls')) trust.warmUp();
  const suite = new Suite(options, servers, trust);
  const report = suite.run().then(() => {
    const concluded = conclude(suite.events.log, suite.events.record);
    suite.events.end();
    return concluded;
  });
  report.catch(() => suite.events.end());
  return { report, [Symbol.asyncIterator]: () => suite.events[Symbol.asyncIterator]() };
}

class Suite {
  readonly events = new Run();
  readonly #options: SuiteOptions;
  readonly #servers: readonly GatherServer[];
  readonly #natServers: readonly GatherServer[];
  readonly #trust: TrustStore;
  readonly #resolver: NameResolver;
  readonly #families: readonly Family[];
  readonly #deadlineMs: number;
  readonly #stop = new AbortController();
  readonly #kill = new AbortController();
  #fault: { readonly error: unknown } | undefined;

  constructor(options: SuiteOptions, servers: readonly GatherServer[], trust: TrustStore) {
    this.#options = options;
    this.#servers = servers;
    this.#natServers = serversOf((options.natServers ?? []).map((urls) => ({ urls })));
    this.#trust = trust;
    this.#families = options.family === undefined ? [4, 6] : [options.family];
    this.#deadlineMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#resolver = new NameResolver(options.resolvers === undefined ? {} : { servers: options.resolvers });
  }

  async run(): Promise<void> {
    const { signal, parts } = this.#options;
    this.#begin();
    const abort = () => this.#end('the run was aborted');
    signal?.addEventListener('abort', abort, { once: true });
    const limit = setTimeout(() => this.#end('the deadline came first'), Math.max(1, this.#deadlineMs - RELEASE_MS));
    try {
      if (signal?.aborted === true) abort();
      const gathering = parts.includes('gather') ? this.#gather() : Promise.resolve();
      const head = new Promise<void>((resolve) => setTimeout(resolve, GATHER_HEAD_START_MS).unref());
      await Promise.all([gathering, Promise.race([gathering, head]).then(() => this.#ask())]);
    } finally {
      clearTimeout(limit);
      signal?.removeEventListener('abort', abort);
      this.#resolver.cancel();
      this.#kill.abort();
    }
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  #begin(): void {
    const {
      iceServers,
      iceTransportPolicy = 'all',
      problems,
      resolvers,
      command = 'doctor',
      audit = false,
    } = this.#options;
    const configuration = reportedConfiguration(
      iceServers.map(({ urls, ...rest }) => ({ ...rest, urls: typeof urls === 'string' ? [urls] : urls })),
      iceTransportPolicy,
      problems,
    );
    this.events.start(command, configuration, this.#deadlineMs);
    this.events.describeNetwork(listInterfaces(), resolvers);
    if (audit) this.events.record({ type: 'note', text: AUDIT_REMARK });
  }

  /** No new work; what stands is released. Whoever does not answer that in time is left. */
  #end(why: string): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(why);
    this.#resolver.cancel();
    setTimeout(() => this.#kill.abort(), RELEASE_MS).unref();
  }

  async #gather(): Promise<void> {
    const { parts: _, ...options } = this.#options;
    const left = this.#deadlineMs - this.events.clock.now();
    const gathering = new Gathering(
      { ...options, signal: this.#stop.signal, timeoutMs: left },
      this.#servers,
      this.#trust,
      this.events,
    );
    await gathering.gather();
  }

  /** What goes server by server. The NAT first: its sockets should not share the wire with bursts. */
  async #ask(): Promise<void> {
    const { parts } = this.#options;
    if (!parts.includes('probe') && !parts.includes('nat')) return;
    const { signal } = this.#stop;
    const interfaces = listInterfaces();
    // A gathering has its own.
    const checks = parts.includes('gather') ? undefined : this.#checkNames(interfaces);
    const [addresses, natAddresses] = await Promise.all([this.#resolve(), this.#resolveNatServers()]);
    const known = knownNetwork(this.events.log);
    const task = { servers: this.#servers, addresses, interfaces, options: this.#options, signal, known };
    const environment = this.#environment();
    const targets = await ladderTargets(task, environment);
    const further = await ladderTargets({ ...task, servers: this.#natServers, addresses: natAddresses }, environment);
    const nats = parts.includes('nat') ? this.#nats([...targets, ...further], environment) : Promise.resolve();
    // Silent servers hold up the NAT's tests for seconds: what is asked of each server must not wait for that.
    const head = new Promise<void>((resolve) => setTimeout(resolve, NAT_HEAD_START_MS).unref());
    await Promise.race([nats, head]);
    const probing = parts.includes('probe') ? this.#probe(targets, task, environment) : Promise.resolve();
    await Promise.all([nats, probing]);
    if (signal.aborted) checks?.cancel();
    await checks?.settled();
  }

  #nats(targets: readonly LadderTarget[], environment: ProbeEnvironment): Promise<void> {
    const { lifetimeSeconds, askGateway = false } = this.#options;
    const task = { targets, askGateway, signal: this.#stop.signal };
    return discoverNats({ ...task, ...(lifetimeSeconds !== undefined && { lifetimeSeconds }) }, environment);
  }

  /** Nobody's configuration names them: what is wrong with them is a remark and no finding. */
  async #resolveNatServers(): Promise<ReadonlyMap<string, readonly SocketAddress[]>> {
    const addresses = await this.#addressesOf(this.#natServers, () => {});
    for (const { url } of this.#natServers) {
      if (!addresses.has(url))
        this.events.record({ type: 'note', text: `--server ${url}: no address is known for it` });
    }
    return addresses;
  }

  #checkNames(locals: readonly InterfaceAddress[]): NameChecks {
    return new NameChecks({
      servers: this.#servers,
      families: this.#families,
      resolvers: this.#options.resolvers,
      locals,
      timeoutMs: Math.min(NAMES_TIMEOUT_MS, this.#deadlineMs),
      record: this.events.record,
    });
  }

  async #probe(targets: readonly LadderTarget[], task: ProbingTask, environment: ProbeEnvironment): Promise<void> {
    // A gathering of the same servers has its own controls.
    if (this.#options.parts.includes('gather')) {
      await probeServers(targets, task, environment);
      return;
    }
    const locals = task.interfaces.map(({ name, family, address }) => ({ interface: name, family, address }));
    const controls = new Controls({ locals, signal: task.signal, deadlineAt: this.#deadlineMs }, environment);
    const record = (body: EventBody): void => {
      environment.record(body);
      if (body.type === 'stage') controls.note(body);
    };
    await probeServers(targets, { ...task, controls }, { ...environment, record });
    await controls.settled();
  }

  #resolve(): Promise<ReadonlyMap<string, readonly SocketAddress[]>> {
    return this.#addressesOf(this.#servers, this.#namesRecord());
  }

  async #addressesOf(
    servers: readonly GatherServer[],
    record: (body: EventBody) => void,
  ): Promise<ReadonlyMap<string, readonly SocketAddress[]>> {
    const addresses = new Map<string, readonly SocketAddress[]>();
    await resolveNames({
      servers,
      families: this.#families,
      resolver: this.#resolver,
      timeoutMs: Math.min(NAMES_TIMEOUT_MS, this.#deadlineMs),
      srv: this.#options.srv === true,
      record,
      told: ({ url, addresses: found }) => {
        if (found.length > 0) addresses.set(url, [...(addresses.get(url) ?? []), ...found]);
      },
    });
    return addresses;
  }

  /** The gathering tells of the names itself; the NAT's tests belong to no server, so only a name that fails is a stage. */
  #namesRecord(): (body: EventBody) => void {
    const { parts } = this.#options;
    if (parts.includes('gather')) return () => {};
    if (parts.includes('probe')) return this.events.record;
    return (body) => {
      if (body.type !== 'stage' || body.status !== 'pass') this.events.record(body);
    };
  }

  #environment(): ProbeEnvironment {
    const { insecure = false, onPacket } = this.#options;
    return {
      clock: this.events.clock,
      record: this.events.record,
      tls: { trust: this.#trust, insecure },
      random: systemRandom(),
      hashes: nodeHashes,
      kill: this.#kill.signal,
      fault: (error) => {
        this.#fault ??= { error };
        this.#end('a fault of iceprobe itself');
      },
      ...(onPacket !== undefined && { onPacket }),
    };
  }
}
