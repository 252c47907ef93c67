import { formatSocketAddress, type SocketAddress } from '../../../src/core/address.ts';
import type { GatheringEvent } from '../../../src/core/ice/events.ts';
import { Gatherer } from '../../../src/core/ice/gatherer.ts';
import type {
  GathererCommand,
  GathererInput,
  GathererOptions,
  GatherServer,
  LocalAddress,
} from '../../../src/core/ice/gatherer-io.ts';
import { parseServerUri } from '../../../src/core/stun/uri.ts';
import { nodeHashes } from '../../../src/net/hashes.ts';
import { CREDENTIALS, type FakeScript, FakeTurnServer } from '../../support/fake-turn-server.ts';
import { MachineNode } from '../../support/machine-node.ts';
import { address, type NetworkOptions, Simulator } from '../../support/simulator.ts';

export const ETH0: LocalAddress = { interface: 'eth0', family: 4, address: '192.0.2.1' };
export const ETH0_6: LocalAddress = { interface: 'eth0', family: 6, address: '2001:db8::1' };
export const WLAN0: LocalAddress = { interface: 'wlan0', family: 4, address: '192.0.2.65' };

export interface WorldOptions {
  readonly urls: readonly string[];
  readonly locals?: readonly LocalAddress[];
  readonly network?: NetworkOptions;
  readonly options?: Partial<GathererOptions>;
  /** Of names; literals resolve to themselves. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
  /** UDP ports that answer with an ICMP error, and TCP ports with a reset. */
  readonly closed?: readonly string[];
}

/**
 * One machine with its sockets, and servers at the addresses that the test adds. TCP to a server that is not there is
 * silent; names resolve at once; ports count from 40000.
 */
export class World {
  readonly simulator: Simulator;
  readonly gatherer: Gatherer;
  readonly node: MachineNode<GathererInput, GathererCommand, GatheringEvent>;
  /** Instead of opening it: the system's error, or `silent`. */
  openError: (command: GathererCommand) => string | undefined = () => undefined;
  /** Set: the address that servers see of 192.0.2.1, with the port kept. */
  nat: string | undefined;
  /** By server: what is wrong with its TLS, or `silent`. */
  handshakeError: Readonly<Record<string, string>> = {};
  readonly #closed: ReadonlySet<string>;
  readonly #streams = new Set<string>();
  readonly #options: WorldOptions;
  #port = 40_000;
  #started = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.simulator = new Simulator(options.network);
    this.#closed = new Set(options.closed);
    this.gatherer = new Gatherer({
      servers: options.urls.map(serverOf),
      locals: options.locals ?? [ETH0],
      random: this.simulator.random,
      hashes: nodeHashes,
      deadlineAt: 10_000,
      ...options.options,
    });
    this.node = new MachineNode<GathererInput, GathererCommand, GatheringEvent>(this.simulator, this.gatherer);
    this.node.onCommand = (command) => this.#obey(command);
    const send = this.simulator.send.bind(this.simulator);
    this.simulator.send = (packet) => {
      // ICMP reaches the sender's socket where it is connected.
      if (!packet.stream && this.#closed.has(formatSocketAddress(packet.to))) this.#icmp(packet.from, packet.to);
      else if (this.nat === undefined) send(packet);
      else {
        const { from, to } = packet;
        if (from.address === ETH0.address) send({ ...packet, from: { ...from, address: this.nat } });
        else if (to.address === this.nat) send({ ...packet, to: { ...to, address: ETH0.address } });
        else send(packet);
      }
    };
  }

  server(at: string, script?: FakeScript): FakeTurnServer {
    return new FakeTurnServer(this.simulator, address(at), script);
  }

  streamServer(at: string, script?: FakeScript): FakeTurnServer {
    this.listen(at);
    return new FakeTurnServer(this.simulator, address(at), script, true);
  }

  /** TCP connections to that address are accepted. */
  listen(at: string): void {
    this.#streams.add(at);
  }

  /** Starts, resolves every name, and runs to the end, or to that instant. */
  run(until?: number): this {
    if (!this.#started) {
      this.#started = true;
      this.node.handle({ type: 'start' });
      for (const url of new Set(this.#options.urls)) this.resolve(url);
    }
    this.simulator.run(until);
    return this;
  }

  resolve(url: string): void {
    const { uri } = serverOf(url);
    const names = uri.literal === undefined ? this.#options.names?.[uri.host] : [uri.host];
    if (names === undefined) return;
    const addresses = names.map((name): SocketAddress => {
      return { family: name.includes(':') ? 6 : 4, address: name, port: uri.port };
    });
    this.node.handle({ type: 'resolved', url, addresses, final: true });
  }

  /** `40 candidate srflx udp 192.0.2.1:40000 ...`: everything but transactions, in a line each. */
  get story(): string[] {
    return this.node.events.flatMap(({ at, event }) => {
      const line = tell(event);
      return line === undefined ? [] : [`${at} ${line}`];
    });
  }

  /** The story without its stages. */
  get outline(): string[] {
    return this.story.filter((line) => !/^\d+ stage /.test(line));
  }

  stages(name?: string): Extract<GatheringEvent, { type: 'stage' }>[] {
    return this.node.of('stage').filter((event) => name === undefined || event.stage === name);
  }

  candidates(): string[] {
    return this.node.of('candidate').map(({ candidate }) => candidate.candidate);
  }

  #obey(command: GathererCommand): void {
    const { transport } = command;
    if (command.type === 'close') {
      if (!this.node.transports.delete(transport)) throw new Error(`closed ${transport}, which is not open`);
      return;
    }
    const stream = command.type === 'connect';
    const remote = command.remote;
    const { family, address: host } = command.local;
    const local: SocketAddress = { family, address: host, port: this.#port++ };
    this.node.transports.set(transport, { local, stream, ...(remote === undefined ? {} : { remote }) });
    const answer = (ms: number, input: GathererInput) =>
      this.simulator.after(ms, () => {
        if (!this.node.transports.has(transport)) return;
        if (input.type === 'failed') this.node.transports.delete(transport);
        this.node.handle(input);
      });
    const error = this.openError(command);
    if (error === 'silent') return;
    if (error !== undefined) {
      answer(stream ? 20 : 0, { type: 'failed', transport, error });
      return;
    }
    if (!stream) {
      answer(0, { type: 'opened', transport, local });
      return;
    }
    const to = remote === undefined ? '' : formatSocketAddress(remote);
    if (this.#closed.has(to)) answer(20, { type: 'failed', transport, error: 'ECONNREFUSED' });
    if (!this.#streams.has(to)) return;
    if (command.kind === 'tls') {
      answer(20, { type: 'connected', transport, local });
      const problem = this.handshakeError[to];
      if (problem === undefined) answer(60, { type: 'opened', transport, local });
      else if (problem !== 'silent') answer(60, { type: 'failed', transport, error: 'tls', detail: problem });
    } else answer(20, { type: 'opened', transport, local });
  }

  #icmp(from: SocketAddress, to: SocketAddress): void {
    for (const [transport, entry] of this.node.transports) {
      if (entry.local.port !== from.port || entry.remote === undefined) continue;
      if (formatSocketAddress(entry.remote) !== formatSocketAddress(to)) continue;
      this.simulator.after(20, () => {
        if (this.node.transports.delete(transport)) {
          this.node.handle({ type: 'failed', transport, error: 'ECONNREFUSED' });
        }
      });
    }
  }
}

export function serverOf(url: string): GatherServer {
  const uri = parseServerUri(url);
  if (!uri.ok) throw new Error(uri.error.message);
  const turn = uri.value.scheme.startsWith('turn');
  return {
    url,
    uri: uri.value,
    ...(turn ? { username: CREDENTIALS.username, credential: CREDENTIALS.password } : {}),
  };
}

function tell(event: GatheringEvent): string | undefined {
  switch (event.type) {
    case 'gathering-state':
      return event.state;
    case 'candidate': {
      const { type, protocol, address: host, port, relayProtocol, url } = event.candidate;
      const via = relayProtocol === null ? '' : ` via ${relayProtocol}`;
      return `candidate ${type} ${protocol} ${host}:${port}${via}${url === null ? '' : ` ${url}`}`;
    }
    case 'candidate-omitted':
      return `omitted ${event.candidate.split(' ').slice(4, 8).join(' ')}`;
    case 'candidate-error':
      return `error ${event.errorCode} ${event.errorText} ${event.url}`;
    case 'stage':
      return `stage ${event.stage} ${event.status} ${event.url}`;
    case 'allocation':
      return `allocation ${event.change} ${event.relayedAddress}`;
    case 'ignored':
      return `ignored ${event.reason} from ${event.from}`;
    default:
      return undefined;
  }
}
