import { addressKind, type Family, type SocketAddress } from '../core/address.ts';
import { GATHER_TIMING, Gatherer } from '../core/ice/gatherer.ts';
import type { GathererInput, GatherServer, LocalAddress } from '../core/ice/gatherer-io.ts';
import type { Instant } from '../core/time.ts';
import { Driver } from '../net/drive.ts';
import { nodeHashes } from '../net/hashes.ts';
import { listInterfaces } from '../net/interfaces.ts';
import { systemRandom } from '../net/random.ts';
import { NameResolver } from '../net/resolve.ts';
import type { TrustStore } from '../net/trust.ts';
import { reportedConfiguration } from '../record/configuration.ts';
import type { EventBody } from '../record/events.ts';
import type { EventSink } from '../record/recorder.ts';
import { Controls } from './controls.ts';
import { DEFAULT_TIMEOUT_MS, type GatherOptions } from './gather-options.ts';
import { chooseLocals } from './locals.ts';
import { NameChecks } from './name-checks.ts';
import { type Resolved, resolveNames } from './names.ts';
import { Run } from './run.ts';

/** How long an aborted run may take to give its allocations back; what is not given back by then is told as lost. */
const RELEASE_AFTER_ABORT_MS = 2000;
/** A name that nobody answers for must not eat the time of those that are known. */
const NAMES_TIMEOUT_MS = 5000;
/** Beyond a deadline that the machine itself keeps: only a defect comes so far. */
const WATCHDOG_GRACE_MS = 250;
const PROGRESS_EVERY_MS = 500;

/** One gathering of all servers, and where asked for one of each alone, within a run that may hold other questions too. */
export class Gathering {
  readonly events: Run;
  readonly #options: GatherOptions;
  readonly #servers: readonly GatherServer[];
  readonly #families: readonly Family[];
  readonly #deadlineMs: number;
  readonly #resolver: NameResolver;
  readonly #trust: TrustStore;
  readonly #random = systemRandom();
  readonly #resolved: Resolved[] = [];
  readonly #running = new Set<{ readonly driver: Driver<GathererInput>; readonly gatherer: Gatherer }>();
  readonly #kill = new AbortController();
  readonly #stop = new AbortController();
  #ended: { readonly why: string; readonly by: Instant } | undefined;
  #fault: { readonly error: unknown } | undefined;

  constructor(options: GatherOptions, servers: readonly GatherServer[], trust: TrustStore, events = new Run()) {
    this.events = events;
    this.#options = options;
    this.#servers = servers;
    this.#families = options.family === undefined ? [4, 6] : [options.family];
    this.#deadlineMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#resolver = new NameResolver(options.resolvers === undefined ? {} : { servers: options.resolvers });
    this.#trust = trust;
  }

  async run(): Promise<void> {
    this.#announce();
    await this.gather();
  }

  /** The gathering alone, in a run that has begun. */
  async gather(): Promise<void> {
    const { signal } = this.#options;
    const locals = this.#chooseLocals();
    const abort = (): void => this.#end('the run was aborted');
    signal?.addEventListener('abort', abort, { once: true });
    const progress = setInterval(() => this.#tellProgress(), PROGRESS_EVERY_MS);
    const watchdog = setTimeout(() => this.#closeAll(), this.#deadlineMs + WATCHDOG_GRACE_MS);
    try {
      if (signal?.aborted === true) abort();
      await this.#gatherTogether(locals);
      if (this.#options.perUrl === true && this.#servers.length > 1) await this.#gatherAlone(locals);
    } finally {
      clearInterval(progress);
      clearTimeout(watchdog);
      signal?.removeEventListener('abort', abort);
      this.#resolver.cancel();
      this.#closeAll();
    }
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  #announce(): void {
    const { iceServers, iceTransportPolicy = 'all', problems, resolvers, command = 'gather' } = this.#options;
    const configuration = reportedConfiguration(
      iceServers.map(({ urls, ...rest }) => ({ ...rest, urls: typeof urls === 'string' ? [urls] : urls })),
      iceTransportPolicy,
      problems,
    );
    this.events.start(command, configuration, this.#deadlineMs);
    this.events.describeNetwork(listInterfaces(), resolvers);
  }

  #chooseLocals(): readonly LocalAddress[] {
    const interfaces = listInterfaces();
    const { family, interfaces: names, loopback = false } = this.#options;
    const onlyLoopback = !loopback && this.#servers.length > 0 && this.#servers.every((server) => this.#isHere(server));
    if (onlyLoopback) {
      this.#note('Every server is on this machine, so the loopback interface is gathered too.');
    }
    return chooseLocals(interfaces, { family, interfaces: names, loopback: loopback || onlyLoopback });
  }

  #isHere({ uri }: GatherServer): boolean {
    const addresses = this.#resolver.known(uri.host) ?? [];
    return addresses.length > 0 && addresses.every((address) => addressKind(address) === 'loopback');
  }

  /** As a browser does it: all servers at once. */
  async #gatherTogether(locals: readonly LocalAddress[]): Promise<void> {
    const controls = this.#controls(locals);
    const record = (body: EventBody): void => {
      this.events.record(body);
      if (body.type === 'stage') controls.note(body);
    };
    const checks = this.#checkNames(locals);
    const { driver, done } = this.#startGatherer(this.#servers, locals, null, '', record);
    const names = resolveNames({
      servers: this.#servers,
      families: this.#families,
      resolver: this.#resolver,
      timeoutMs: Math.min(NAMES_TIMEOUT_MS, this.#deadlineMs),
      srv: this.#options.srv === true,
      record: this.events.record,
      told: (input) => {
        this.#resolved.push(input);
        driver.handle(input);
        const server = this.#servers.find(({ url }) => url === input.url);
        if (server !== undefined) controls.expect(server, this.#asked(server, input.addresses, locals));
      },
    });
    await done;
    this.#resolver.cancel();
    if (this.#stop.signal.aborted) checks.cancel();
    await Promise.all([names, controls.settled(), checks.settled()]);
  }

  #checkNames(locals: readonly LocalAddress[]): NameChecks {
    const { resolvers } = this.#options;
    return new NameChecks({
      servers: this.#servers,
      families: this.#families,
      resolvers,
      locals,
      timeoutMs: Math.min(NAMES_TIMEOUT_MS, this.#deadlineMs),
      record: this.events.record,
    });
  }

  /** What the gatherer will ask: with "relay" no STUN server, and nobody of a family that we do not have. */
  #asked({ uri }: GatherServer, addresses: readonly SocketAddress[], locals: readonly LocalAddress[]): SocketAddress[] {
    if (this.#options.iceTransportPolicy === 'relay' && uri.scheme.startsWith('stun')) return [];
    return addresses.filter(({ family }) => locals.some((local) => local.family === family));
  }

  #controls(locals: readonly LocalAddress[]): Controls {
    const { insecure = false, onPacket } = this.#options;
    return new Controls(
      { locals, signal: this.#stop.signal, deadlineAt: this.#deadlineMs },
      {
        clock: this.events.clock,
        record: this.events.record,
        tls: { trust: this.#trust, insecure },
        random: this.#random,
        hashes: nodeHashes,
        kill: this.#kill.signal,
        fault: (error) => {
          this.#fault ??= { error };
        },
        ...(onPacket === undefined ? {} : { onPacket }),
      },
    );
  }

  /** Each server by itself, all of them at the same time. Those that were silent before would only be silent again. */
  async #gatherAlone(locals: readonly LocalAddress[]): Promise<void> {
    const alone = this.#servers.filter(({ url }) =>
      this.#resolved.some((each) => each.url === url && each.addresses.length > 0),
    );
    await Promise.all(
      alone.map((server, index) => {
        if (this.#stop.signal.aborted) return undefined;
        // Its stages are those of the gathering of all: told twice, each attempt would stand twice in the report.
        const record = (body: EventBody): void => {
          if (body.type !== 'stage') this.events.record(body);
        };
        const { driver, done } = this.#startGatherer([server], locals, server.url, `url${index + 1}-`, record);
        for (const input of this.#resolved) if (input.url === server.url) driver.handle(input);
        return done;
      }),
    );
  }

  #startGatherer(
    servers: readonly GatherServer[],
    locals: readonly LocalAddress[],
    gathering: string | null,
    prefix: string,
    record: EventSink,
  ): { readonly driver: Driver<GathererInput>; readonly done: Promise<void> } {
    const { iceTransportPolicy = 'all', rtoMs, paceMs, tcp, relayFamilies, insecure = false, onPacket } = this.#options;
    const gatherer = new Gatherer({
      servers,
      locals,
      random: this.#random,
      hashes: nodeHashes,
      deadlineAt: this.#deadlineMs,
      policy: iceTransportPolicy,
      gathering,
      prefix,
      ...(rtoMs === undefined ? {} : { timing: { ...GATHER_TIMING, rtoMs } }),
      ...(paceMs === undefined ? {} : { pacingMs: paceMs }),
      ...(tcp === undefined ? {} : { tcp }),
      ...(relayFamilies === undefined ? {} : { relayFamilies }),
    });
    const driver = new Driver<GathererInput>(gatherer, () => gatherer.finished, {
      clock: this.events.clock,
      record,
      tls: { trust: this.#trust, insecure },
      ...(onPacket === undefined ? {} : { onPacket }),
    });
    const running = { driver, gatherer };
    this.#running.add(running);
    const done = driver.done.finally(() => this.#running.delete(running));
    driver.handle({ type: 'start' });
    if (this.#ended !== undefined) driver.handle({ type: 'stop', ...this.#ended });
    return { driver, done };
  }

  #end(why: string): void {
    const now = this.events.clock.now();
    const by = Math.min(now + RELEASE_AFTER_ABORT_MS, this.#deadlineMs);
    this.#ended = { why, by };
    this.#stop.abort(why);
    this.#resolver.cancel();
    for (const { driver } of this.#running) driver.handle({ type: 'stop', why, by });
    setTimeout(() => this.#closeAll(), Math.max(0, by - now) + WATCHDOG_GRACE_MS).unref();
  }

  #closeAll(): void {
    for (const { driver } of this.#running) driver.close();
    this.#kill.abort();
  }

  #lastProgress = '';

  #tellProgress(): void {
    const pending = [...this.#running].flatMap(({ gatherer }) => gatherer.pending);
    const [first] = pending;
    if (first === undefined) return;
    const others = new Set(pending.map(({ url }) => url)).size - 1;
    const text = `waiting for ${first.waitingFor} (${first.url}${others > 0 ? ` and ${others} more` : ''})`;
    if (text !== this.#lastProgress) this.events.record({ type: 'progress', text });
    this.#lastProgress = text;
  }

  #note(text: string): void {
    this.events.record({ type: 'note', text });
  }
}
