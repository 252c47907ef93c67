import type { AttemptKey, Stage, StageEnded } from '../../core/attempt.ts';
import type { RelayData, RunEvent, TlsHandshake } from '../events.ts';
import type { Attempt, RelayMeasurement, Server, TlsSummary, Verdict } from '../report.ts';
import { measureRelay } from './relay.ts';

type ServerRunEvent = Extract<RunEvent, { readonly type: 'stage' | 'tls' | 'allocation' | 'relay-data' }>;

interface AttemptDraft {
  readonly key: AttemptKey;
  readonly stages: Stage[];
  readonly bursts: RelayData[];
  transports: Set<string>;
}

interface ServerDraft {
  readonly url: string;
  control: string | undefined;
  readonly resolves: Stage[];
  readonly attempts: Map<string, AttemptDraft>;
}

/** Folds stages, handshakes and bursts of relayed data into servers and their attempts. */
export class ServersFold {
  readonly #servers = new Map<string, ServerDraft>();
  readonly #attempts = new Map<string, AttemptDraft>();
  readonly #handshakes = new Map<string, TlsHandshake>();
  #expected: readonly string[] = [];

  /** The URLs that were asked for: each gets its place in the report, in this order, once any of them was tried. */
  expect(urls: readonly string[]): void {
    this.#expected = urls;
  }

  add(event: ServerRunEvent): void {
    if (event.type === 'tls') this.#handshakes.set(event.transport, event);
    else if (event.type === 'relay-data') this.#attempts.get(event.attempt)?.bursts.push(event);
    else if (event.type === 'stage') this.#addStage(event);
  }

  /** `startedAt` (ISO 8601) tells how many days a certificate has left. */
  list(startedAt: string): Server[] {
    if (this.#servers.size === 0) return [];
    const urls = new Set([...this.#expected, ...this.#servers.keys()]);
    return [...urls].map((url) => this.#server(url, startedAt));
  }

  #addStage(event: StageEnded): void {
    const server = this.#draft(event.url);
    server.control = event.control ?? server.control;
    const { stage, status, durationMs, detail, data } = event;
    const ended: Stage = { stage, status, ms: durationMs, detail, data };
    if (event.attempt === null) {
      server.resolves.push(ended);
      return;
    }
    const known = server.attempts.get(event.attempt.id);
    const attempt = known ?? { key: event.attempt, stages: [], bursts: [], transports: new Set() };
    server.attempts.set(event.attempt.id, attempt);
    this.#attempts.set(event.attempt.id, attempt);
    attempt.stages.push(ended);
    if (event.transport !== null) attempt.transports.add(event.transport);
  }

  #draft(url: string): ServerDraft {
    const known = this.#servers.get(url);
    if (known !== undefined) return known;
    const draft: ServerDraft = { url, control: undefined, resolves: [], attempts: new Map() };
    this.#servers.set(url, draft);
    return draft;
  }

  #server(url: string, startedAt: string): Server {
    const draft = this.#servers.get(url);
    if (draft === undefined) return { url, verdict: 'undetermined', attempts: [] };
    const attempts = [...draft.attempts.values()].map((attempt) => this.#attempt(attempt, startedAt));
    // One name is asked for twice, A and AAAA: the failure of one is no failure of the name.
    const resolves = draft.resolves.filter(({ stage }) => stage === 'resolve');
    const resolve = resolves.find((stage) => stage.status === 'pass') ?? resolves.at(-1);
    // Not asked on purpose, like a STUN server with the policy "relay": nothing is left open, and nothing is wrong.
    const passedOver =
      attempts.length === 0 && draft.resolves.some(({ stage, status }) => stage !== 'resolve' && status === 'skip');
    const verdict = passedOver ? 'ok' : verdictOfServer(attempts, resolve);
    // What was asked for is never a mere control, even if it was tried as one too.
    const control = this.#expected.includes(url) ? undefined : draft.control;
    return {
      url,
      ...(control === undefined ? {} : { control }),
      verdict,
      attempts,
      ...(resolve === undefined ? {} : { resolve }),
    };
  }

  #attempt(draft: AttemptDraft, startedAt: string): Attempt {
    const handshake = [...draft.transports]
      .map((id) => this.#handshakes.get(id))
      .findLast((seen) => seen !== undefined);
    const relay = relayOf(draft);
    return {
      ...draft.key,
      verdict: verdictOfStages(draft.stages),
      stages: [...draft.stages],
      ...(handshake === undefined ? {} : { tls: summarize(handshake, startedAt) }),
      ...(relay === undefined ? {} : { relay }),
    };
  }
}

/** By its stages alone: the rules may know better what a failure is worth. */
export function verdictOfStages(stages: readonly Stage[]): Verdict {
  // What our own network hid, somebody at another place may have seen.
  const isWitnessed = stages.some(({ stage, status }) => stage === 'witness' && status !== 'skip');
  const isSettled = ({ stage, status }: Stage): boolean =>
    isWitnessed && stage === 'relay-data' && status === 'unknown';
  // What a deadline cut off says nothing about the server.
  const judged = stages.filter((stage) => stage.status !== 'skip' && !isSettled(stage));
  if (judged.some((stage) => stage.status === 'fail' && stage.data.cause !== 'not-run')) return 'error';
  if (judged.length === 0 || judged.some((stage) => stage.status === 'unknown' || stage.status === 'fail')) {
    return 'undetermined';
  }
  return judged.some((stage) => stage.status === 'warn') ? 'warning' : 'ok';
}

/** One way in is enough: a client takes the best of what it gets. */
function verdictOfServer(attempts: readonly Attempt[], resolve: Stage | undefined): Verdict {
  const verdicts = lastRounds(attempts).map((attempt) => attempt.verdict);
  if (verdicts.includes('ok')) return 'ok';
  if (verdicts.includes('warning')) return 'warning';
  if (verdicts.includes('undetermined')) return 'undetermined';
  if (verdicts.includes('error')) return 'error';
  return resolve === undefined ? 'undetermined' : verdictOfStages([resolve]) === 'error' ? 'error' : 'undetermined';
}

/**
 * A place that was asked again, from an address of ours from which it had been asked, has the verdict of what it was asked last:
 * the ladder asks all that the gathering did and more, and a success before does not outweigh that.
 */
function lastRounds(attempts: readonly Attempt[]): Attempt[] {
  const rounds = new Map<string, Attempt[]>();
  for (const attempt of attempts) {
    const place = `${attempt.address} ${attempt.port} ${attempt.transport}`;
    const round = rounds.get(place) ?? [];
    // Without an address of ours there was no route from any.
    const isAgain =
      attempt.localAddress === null || round.some(({ localAddress }) => localAddress === attempt.localAddress);
    // That the deadline cut off the second time does not undo what failed the first.
    const isCutOff = attempt.verdict === 'undetermined' && round.some(({ verdict }) => verdict === 'error');
    if (!(isAgain && isCutOff)) rounds.set(place, isAgain ? [attempt] : [...round, attempt]);
  }
  return [...rounds.values()].flat();
}

function relayOf(draft: AttemptDraft): RelayMeasurement | undefined {
  const relayed = draft.stages.findLast((stage) => stage.data.relayedAddress !== undefined)?.data.relayedAddress;
  if (relayed === undefined || draft.bursts.length === 0) return undefined;
  return measureRelay(relayed, draft.bursts);
}

const DAY_MS = 86_400_000;

function summarize(handshake: TlsHandshake, startedAt: string): TlsSummary {
  const { protocol, cipher, chain, problems } = handshake;
  const leaf = chain[0];
  const left = leaf === undefined ? Number.NaN : (Date.parse(leaf.validTo) - Date.parse(startedAt)) / DAY_MS;
  return {
    protocol,
    cipher,
    subjectAltNames: leaf?.subjectAltNames ?? [],
    issuer: leaf?.issuer ?? null,
    daysLeft: Number.isNaN(left) ? null : Math.floor(left),
    chain,
    problems,
  };
}
