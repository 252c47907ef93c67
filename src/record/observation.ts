import type { NatTest } from '../core/nat/events.ts';
import { natVerdicts } from '../core/nat/verdict.ts';
import type { RunEvent } from './events.ts';
import { CallsFold } from './fold/calls.ts';
import { GatheringsFold } from './fold/gatherings.ts';
import { ServersFold } from './fold/servers.ts';
import { type PeerMet, peerResult } from './peer.ts';
import type { NatResult, Network, NetworkInterface, Report } from './report.ts';

/** What was seen, before anybody concluded anything from it. */
export type Observation = Omit<Report, 'findings' | 'verdict' | 'exitCode' | 'expectations' | 'events'>;

/** The fold of a whole run's events. */
export function observe(events: Iterable<RunEvent>): Observation {
  const fold = new ObservationFold();
  for (const event of events) fold.add(event);
  return fold.observation();
}

/** The same one event at a time, for a run that is still going on: it keeps what the report needs and no packets. */
export class ObservationFold {
  readonly #gatherings = new GatheringsFold();
  readonly #servers = new ServersFold();
  readonly #calls = new CallsFold();
  readonly #interfaces = new Map<string, NetworkInterface>();
  readonly #resolvers = new Set<string>();
  readonly #natTests: NatTest[] = [];
  #peer: PeerMet | undefined;
  /** Each once. */
  readonly #notes = new Set<string>();
  #proxy: string | null = null;
  #head: Pick<Report, 'tool' | 'command' | 'startedAt' | 'configuration'> = {
    tool: { name: 'iceprobe', version: 'unknown' },
    command: 'unknown',
    startedAt: '1970-01-01T00:00:00.000Z',
    configuration: { iceServers: [], iceTransportPolicy: 'all' },
  };
  #lastMs = 0;

  add(event: RunEvent): void {
    this.#lastMs = Math.max(this.#lastMs, event.ms);
    switch (event.type) {
      case 'run-started':
        this.#head = {
          tool: event.tool,
          command: event.command,
          startedAt: event.startedAt,
          configuration: event.configuration,
        };
        this.#servers.expect(event.configuration.iceServers.flatMap((server) => server.urls));
        break;
      case 'interface': {
        const { name, family, address, kind, temporary } = event;
        const seen = { name, family, address, kind, ...(temporary === undefined ? {} : { temporary }) };
        this.#interfaces.set(`${name} ${address}`, seen);
        break;
      }
      case 'resolvers':
        for (const resolver of event.resolvers) this.#resolvers.add(resolver);
        this.#proxy = event.proxy ?? this.#proxy;
        break;
      case 'gathering-state':
      case 'candidate':
      case 'candidate-omitted':
      case 'candidate-error':
        this.#gatherings.add(event);
        break;
      case 'stage':
      case 'tls':
      case 'allocation':
      case 'relay-data':
        this.#servers.add(event);
        break;
      case 'signaling':
      case 'peer-state':
      case 'candidate-pair':
      case 'data-channel':
        this.#calls.add(event);
        break;
      case 'peer': {
        const { type, nat, there, back, crossed, problem } = event;
        this.#peer = { type, nat, there, back, crossed, problem };
        break;
      }
      case 'nat-test':
        this.#natTests.push(event);
        break;
      case 'note':
        this.#notes.add(event.text);
        break;
      default:
        break;
    }
  }

  observation(): Observation {
    const gatherings = this.#gatherings.list();
    const servers = this.#servers.list(this.#head.startedAt);
    const nats = natVerdicts(this.#natTests);
    const nat = nats.map((verdict): NatResult => ({ ...verdict }));
    const calls = this.#calls.list();
    const network: Network = {
      interfaces: [...this.#interfaces.values()],
      resolvers: [...this.#resolvers],
      proxy: this.#proxy,
    };
    return {
      schema: 'iceprobe.report/1',
      ...this.#head,
      durationMs: this.#lastMs,
      network,
      ...(gatherings.length > 0 ? { gatherings } : {}),
      ...(servers.length > 0 ? { servers } : {}),
      ...(nat.length > 0 ? { nat } : {}),
      ...(calls.length > 0 ? { calls } : {}),
      ...(this.#peer === undefined ? {} : { peer: peerResult(this.#peer, nats, calls) }),
      ...(this.#notes.size > 0 ? { notes: [...this.#notes] } : {}),
    };
  }
}
