import type { CandidatePair, DataMeasurement, DataSample, PeerRole } from '../../core/call/events.ts';
import type { Call, CallCandidate, CallPeer, CallTiming } from '../calls.ts';
import type { RunEvent } from '../events.ts';

type CallRunEvent = Extract<
  RunEvent,
  { readonly type: 'signaling' | 'peer-state' | 'candidate-pair' | 'data-channel' }
>;

/** What a peer that floods us with candidates may fill of the report. */
const MOST_CANDIDATES = 500;
/** The same of samples: twice what our own end makes. */
const MOST_SAMPLES = 400;

interface Draft {
  readonly path: string;
  readonly startedMs: number;
  readonly peers: Map<PeerRole, PeerDraft>;
}

interface PeerDraft {
  stack: string;
  readonly states: { machine: CallPeer['states'][number]['machine']; state: string; ms: number }[];
  readonly candidates: CallCandidate[];
  readonly errors: string[];
  readonly pairs: Map<string, CandidatePair>;
  /** Instants of the run. */
  readonly marks: { -readonly [Mark in keyof CallTiming]?: number };
  restarts: number;
  opened: boolean;
  measurement: DataMeasurement | null;
  readonly samples: (DataSample & { readonly ms: number })[];
  end: { readonly state: string; readonly reason: string } | undefined;
}

/** Folds the events of calls into one entry for each connection. */
export class CallsFold {
  readonly #drafts = new Map<string, Draft>();

  add(event: CallRunEvent): void {
    const draft = this.#draft(event);
    const peer = peerOf(draft, event.peer);
    switch (event.type) {
      case 'signaling': {
        const { direction, candidate, message, error, ms, waited } = event;
        if (message === 'offer') peer.marks.offerMs ??= ms;
        if (message === 'answer') peer.marks.answerMs ??= ms;
        if (candidate === null || peer.candidates.length >= MOST_CANDIDATES) break;
        if (error === null && direction === 'sent') peer.marks.candidateMs ??= ms;
        peer.candidates.push({ direction, candidate, ms, error, waited: waited ?? false });
        break;
      }
      case 'peer-state':
        addState(peer, event);
        break;
      case 'candidate-pair':
        peer.pairs.set(event.pair.id, event.pair);
        break;
      case 'data-channel':
        if (event.state === 'open') {
          peer.opened = true;
          peer.marks.channelMs ??= event.ms;
        }
        peer.measurement = event.measurement ?? peer.measurement;
        if (event.sample !== undefined && peer.samples.length < MOST_SAMPLES) {
          peer.samples.push({ ms: event.ms, ...event.sample });
        }
        break;
    }
  }

  /** Copies: the fold may go on. */
  list(): Call[] {
    return [...this.#drafts.values()].map(callOf);
  }

  #draft({ call, ms }: CallRunEvent): Draft {
    const known = this.#drafts.get(call);
    if (known !== undefined) return known;
    const draft: Draft = { path: call, startedMs: ms, peers: new Map() };
    this.#drafts.set(call, draft);
    return draft;
  }
}

function peerOf(draft: Draft, role: PeerRole): PeerDraft {
  const known = draft.peers.get(role);
  if (known !== undefined) return known;
  const peer: PeerDraft = {
    stack: 'unknown',
    states: [],
    candidates: [],
    errors: [],
    pairs: new Map(),
    marks: {},
    restarts: 0,
    opened: false,
    measurement: null,
    samples: [],
    end: undefined,
  };
  draft.peers.set(role, peer);
  return peer;
}

const ENDS: readonly string[] = ['measured', 'ended', 'failed', 'timeout', 'lost', 'error', 'crashed'];

function addState(peer: PeerDraft, event: Extract<CallRunEvent, { readonly type: 'peer-state' }>): void {
  const { machine, state, ms, stack, reason } = event;
  peer.stack = stack ?? peer.stack;
  if (machine === 'gathering' && state === 'error') {
    if (reason !== undefined && !isNoFault(reason) && !peer.errors.includes(reason)) peer.errors.push(reason);
    return;
  }
  peer.states.push({ machine, state, ms });
  if (machine === 'ice' && (state === 'connected' || state === 'completed')) peer.marks.iceMs ??= ms;
  if (machine === 'dtls' && state === 'connected') peer.marks.dtlsMs ??= ms;
  if (machine === 'connection' && state === 'connected') peer.marks.connectedMs ??= ms;
  if (machine !== 'call') return;
  if (state.startsWith('restart')) peer.restarts++;
  if (ENDS.includes(state)) peer.end ??= { state, reason: reason ?? '' };
}

function callOf(draft: Draft): Call {
  const { path, startedMs } = draft;
  const peers = [...draft.peers.values()];
  // The offering end measures; where it is not ours, the answering one is all that there is.
  const main = draft.peers.get('offerer') ?? draft.peers.get('answerer');
  const { outcome, reason } = outcomeOf(peers);
  return {
    path,
    outcome,
    reason,
    startedMs,
    timing: timingOf(main, startedMs),
    selected: [...(main?.pairs.values() ?? [])].find((pair) => pair.selected) ?? null,
    data: main?.measurement ?? null,
    ...(main === undefined || main.samples.length === 0 ? {} : { samples: main.samples.map(after(startedMs)) }),
    peers: [...draft.peers].map(([role, peer]) => ({
      peer: role,
      stack: peer.stack,
      states: [...peer.states],
      candidates: [...peer.candidates],
      errors: [...peer.errors],
      pairs: [...peer.pairs.values()],
      restarts: peer.restarts,
    })),
  };
}

function after(startedMs: number) {
  return <T extends { readonly ms: number }>(sample: T): T => ({
    ...sample,
    ms: Math.round(1000 * (sample.ms - startedMs)) / 1000,
  });
}

function timingOf(peer: PeerDraft | undefined, startedMs: number): CallTiming {
  const since = (mark: keyof CallTiming): number | null => {
    const at = peer?.marks[mark];
    return at === undefined ? null : Math.round(1000 * (at - startedMs)) / 1000;
  };
  return {
    candidateMs: since('candidateMs'),
    offerMs: since('offerMs'),
    answerMs: since('answerMs'),
    iceMs: since('iceMs'),
    dtlsMs: since('dtlsMs'),
    connectedMs: since('connectedMs'),
    channelMs: since('channelMs'),
  };
}

function outcomeOf(peers: readonly PeerDraft[]): Pick<Call, 'outcome' | 'reason'> {
  const ends = peers.flatMap(({ end }) => end ?? []);
  const crash = ends.find(({ state }) => state === 'crashed');
  if (crash !== undefined) return { outcome: 'crashed', reason: crash.reason };
  const lost = ends.find(({ state }) => state === 'lost');
  if (lost !== undefined) return { outcome: 'lost', reason: lost.reason };
  if (peers.some(({ opened }) => opened)) return { outcome: 'connected', reason: null };
  // What was recorded elsewhere has no end of its own: there the stack's states are all that is told.
  const states = peers.flatMap((peer) =>
    peer.states.filter(({ machine }) => machine === 'connection' || machine === 'ice'),
  );
  if (ends.length === 0 && states.length > 0) {
    if (states.at(-1)?.state === 'failed') return { outcome: 'failed', reason: 'the connection failed' };
    if (states.some(({ state }) => state === 'connected')) return { outcome: 'connected', reason: null };
  }
  const failure = ends.find(({ state }) => state === 'failed' || state === 'timeout' || state === 'error') ?? ends[0];
  if (failure === undefined) return { outcome: 'not-determined', reason: 'the run ended before' };
  const told = peers.some(({ candidates }) => candidates.some(({ error }) => error === null));
  const gathered = peers.every(({ states }) =>
    states.some(({ machine, state }) => machine === 'gathering' && state === 'complete'),
  );
  if (!told && gathered && peers.every(({ errors }) => errors.length === 0)) {
    return { outcome: 'no-candidates', reason: 'neither end has a candidate of that kind' };
  }
  if (failure.reason === 'interrupted') return { outcome: 'not-determined', reason: 'the run ended before' };
  return { outcome: 'failed', reason: failure.reason === '' ? failure.state : failure.reason };
}

/** libwebrtc asks each server from each of its sockets, and says so of an IPv4 server and an IPv6 socket. */
function isNoFault(error: string): boolean {
  return error.includes('address is incompatible');
}
