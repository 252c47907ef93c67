import type { Family, TransportKind } from '../core/address.ts';
import type { Stage, StageName } from '../core/attempt.ts';
import { parseServerUri, type ServerUri } from '../core/stun/uri.ts';
import type { RunEvent } from '../record/events.ts';
import type { Observation } from '../record/observation.ts';
import type { Attempt, ReportedIceServer, Server } from '../record/report.ts';
import { EvidenceIndex } from './evidence.ts';
import { THRESHOLDS, type Thresholds } from './thresholds.ts';

/** What the rules look at: the observation, grouped by the questions that they ask. */
export interface View {
  readonly observation: Observation;
  readonly events: readonly RunEvent[];
  readonly thresholds: Thresholds;
  /** What was asked for. */
  readonly servers: readonly ServerView[];
  /** Every target of what was asked for. */
  readonly targets: readonly Target[];
  /** The same and the targets of controls, which nobody asked for and which tell causes apart. */
  readonly everything: readonly Target[];
  readonly evidence: EvidenceIndex;
  /** Fingerprints (SHA-256) known to be a host's, by host: from an earlier run, or given. */
  readonly pins: Readonly<Record<string, readonly string[]>>;
}

/** A URL of the configuration with all that became of it. */
export interface ServerView {
  readonly url: string;
  /** undefined where the URL does not parse. */
  readonly uri: ServerUri | undefined;
  readonly entry: ReportedIceServer | undefined;
  readonly server: Server;
  readonly targets: readonly Target[];
  /** At least one target answered as it should. */
  readonly works: boolean;
}

/**
 * One address, port and transport of one URL, seen from all our addresses together: that the bridge of a container
 * engine cannot reach a server says nothing about the server.
 */
export interface Target {
  readonly url: string;
  readonly uri: ServerUri | undefined;
  readonly entry: ReportedIceServer | undefined;
  readonly family: Family;
  readonly address: string;
  readonly port: number;
  readonly transport: TransportKind;
  readonly attempts: readonly Attempt[];
  /** `open`: cut off, or nothing tried yet. */
  readonly outcome: 'works' | 'fails' | 'open';
  /** Of the attempt that came furthest; present where `outcome` is `fails`. */
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly attempt: Attempt;
  readonly stage: Stage;
}

/** The stages up to a relay of one's own; what comes after judges the relay, not the way to it. */
const ACCESS: readonly StageName[] = ['resolve', 'connect', 'tls', 'binding', 'challenge', 'allocate'];

export interface ViewOptions {
  readonly thresholds?: Partial<Thresholds>;
  readonly pins?: Readonly<Record<string, readonly string[]>>;
}

export function viewOf(observation: Observation, events: readonly RunEvent[], options: ViewOptions = {}): View {
  const evidence = new EvidenceIndex(events);
  const all = (observation.servers ?? []).map((server) => serverView(server, observation));
  const servers = all.filter(({ server }) => server.control === undefined);
  return {
    observation,
    events,
    thresholds: { ...THRESHOLDS, ...options.thresholds },
    servers,
    targets: servers.flatMap((server) => server.targets),
    everything: all.flatMap((server) => server.targets),
    evidence,
    pins: options.pins ?? {},
  };
}

export function stageOf(attempt: Attempt, name: StageName): Stage | undefined {
  return attempt.stages.findLast((stage) => stage.stage === name);
}

export function passed(attempt: Attempt, name: StageName): boolean {
  const stage = stageOf(attempt, name);
  return stage !== undefined && (stage.status === 'pass' || stage.status === 'warn');
}

/**
 * The bursts through the relay lost more than a call should: what else stayed unanswered may have been lost as well. A stream
 * loses nothing and stands still instead, for seconds: of it whatever else crossed to the same address tells.
 */
export function isLossy(view: View, attempt: Attempt): boolean {
  const all = view.targets.flatMap(({ attempts }) => attempts);
  const beside = attempt.transport === 'udp' ? [] : all.filter((each) => each.address === attempt.address);
  return [attempt, ...beside].some(({ relay }) => (relay?.lossPercent ?? 0) > view.thresholds.lossPercent);
}

/** Whether so many packets in a row may be lost by mere chance, where that share of them is lost anyway. */
export function mayBeChance(lostShare: number, packets: number): boolean {
  return lostShare ** packets > 0.005;
}

function serverView(server: Server, observation: Observation): ServerView {
  const { url } = server;
  const parsed = parseServerUri(url);
  const uri = parsed.ok ? parsed.value : undefined;
  const entry = observation.configuration.iceServers.find((candidate) => candidate.urls.includes(url));
  const groups = new Map<string, Attempt[]>();
  for (const attempt of server.attempts) {
    const key = `${attempt.address} ${attempt.port} ${attempt.transport}`;
    groups.set(key, [...(groups.get(key) ?? []), attempt]);
  }
  const needed: StageName = uri?.scheme === 'turn' || uri?.scheme === 'turns' ? 'allocate' : 'binding';
  const targets = [...groups.values()].flatMap((attempts) => {
    const first = attempts[0];
    if (first === undefined) return [];
    const { family, address, port, transport } = first;
    return [{ url, uri, entry, family, address, port, transport, attempts, ...outcomeOf(attempts, needed) }];
  });
  return { url, uri, entry, server, targets, works: targets.some((target) => target.outcome === 'works') };
}

function outcomeOf(attempts: readonly Attempt[], needed: StageName): Pick<Target, 'outcome' | 'failure'> {
  if (attempts.some((attempt) => passed(attempt, needed))) return { outcome: 'works', failure: undefined };
  const failures = attempts.flatMap((attempt) => {
    const stage = attempt.stages.findLast((each) => ACCESS.includes(each.stage) && each.status === 'fail');
    return stage === undefined || stage.data.cause === 'not-run' ? [] : [{ attempt, stage }];
  });
  const furthest = failures.toSorted((a, b) => progress(b) - progress(a))[0];
  // Silence towards one of our addresses settles nothing while another was never tried.
  const cutOff = attempts.some(
    ({ verdict, localAddress }) =>
      verdict === 'undetermined' && failures.every(({ attempt }) => attempt.localAddress !== localAddress),
  );
  if (furthest === undefined || (cutOff && progress(furthest) < ANSWERED)) {
    return { outcome: 'open', failure: undefined };
  }
  return { outcome: 'fails', failure: furthest };
}

const ANSWERED = 20;

/** An answer, even a bad one, tells more than silence, and silence more than a socket that could not be had. */
function progress({ stage }: Failure): number {
  const { cause } = stage.data;
  const weight = cause === 'local' || cause === 'unreachable' ? 0 : cause === 'timeout' ? 1 : 2;
  return ACCESS.indexOf(stage.stage) + 10 * weight;
}
