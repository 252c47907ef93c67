import type { Family, SocketAddress, TransportKind } from '../address.ts';
import { sameSocketAddress } from '../address.ts';
import type { AttemptKey, Stage, StageData } from '../attempt.ts';
import { type Deadline, earlier, type Output, type TransportId } from '../machine.ts';
import { OutputQueue } from '../queue.ts';
import { describeFailure, endedStage, reasonOf } from '../stun/describe.ts';
import { RELIABLE_TIMING, RFC8489_TIMING, type Timing } from '../stun/transaction.ts';
import type { Instant } from '../time.ts';
import { RELEASE_TIMING } from '../turn/client/types.ts';
import type { GatheringEvent, GatheringStateName } from './events.ts';
import type {
  GathererCommand,
  GathererInput,
  GathererMachine,
  GathererOptions,
  GatherServer,
  Pending,
} from './gatherer-io.ts';
import { Candidates, type Found } from './gathering/candidates.ts';
import type { Attempt, GatheringContext, Settings, Timed } from './gathering/context.ts';
import { type Local, rankLocals } from './gathering/locals.ts';
import { Pacer } from './gathering/pacer.ts';
import { StunAttempt } from './gathering/stun-attempt.ts';
import { Transports } from './gathering/transports.ts';
import { TurnAttempt } from './gathering/turn-attempt.ts';
import { UdpSocket } from './gathering/udp-socket.ts';

/** RTO 500 ms like RFC 8489 6.2.1, but given up 5 s after the first send: sends at 0, 0.5, 1.5 and 3.5 s. */
export const GATHER_TIMING: Timing = { ...RFC8489_TIMING, giveUpMs: 5000 };

/** RFC 8445 14.2 recommends 50 ms where nothing better is known; libwebrtc and RFC 8445's floor are 5 ms. */
const PACING_MS = 5;
const EAR_AFTER_MS = 100;
const CONNECT_TIMEOUT_MS = 5000;

/** A server with what is known of its addresses. */
interface Asked {
  readonly server: GatherServer;
  readonly addresses: SocketAddress[];
  resolved: boolean;
  /** Whether an address had a local one of its family. */
  reachable: boolean;
}

/**
 * Gathers ICE candidates (RFC 8445 5.1, RFC 8838): host candidates of every local address, and what each server gives to
 * each of them. Ends by its deadline whatever is silent, and leaves no allocation behind without saying so.
 */
export class Gatherer implements GathererMachine {
  readonly #options: GathererOptions;
  readonly #queue = new OutputQueue<GathererCommand, GatheringEvent>();
  readonly #context: GatheringContext;
  readonly #transports: Transports;
  readonly #pacer: Pacer;
  readonly #timed = new Set<Timed>();
  readonly #locals: readonly Local[];
  readonly #bases = new Map<Local, UdpSocket>();
  readonly #candidates = new Candidates();
  readonly #asked: Asked[];
  readonly #attempts: Attempt[] = [];
  readonly #gathering: string | null;
  #state: 'new' | 'gathering' | 'complete' | 'releasing' | 'finished' = 'new';
  #deadlineAt: Instant;
  /** When to stop, so that the releases are done by the deadline; once stopped, the deadline itself. */
  #limit: Instant;
  #keys = 0;
  #stopping = false;

  constructor(options: GathererOptions) {
    this.#options = options;
    this.#gathering = options.gathering ?? null;
    this.#deadlineAt = options.deadlineAt;
    this.#limit = options.deadlineAt;
    this.#locals = rankLocals(options.locals);
    this.#transports = new Transports(
      (command) => this.#queue.command(command),
      options.prefix ?? '',
      options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    );
    this.#pacer = new Pacer(options.pacingMs ?? PACING_MS);
    this.#timed.add(this.#pacer).add(this.#transports);
    this.#asked = options.servers.map((server) => ({ server, addresses: [], resolved: false, reachable: false }));
    this.#context = {
      settings: settingsOf(options),
      transports: this.#transports,
      pacer: this.#pacer,
      timed: this.#timed,
      outputs: this.#queue,
      base: (local, now) => this.#base(local, now),
      attemptKey: (local, remote, transport) => this.#attemptKey(local, remote, transport),
      stage: (url, key, stage, transport) => this.#stage(url, key, stage, transport),
      candidate: (found) => this.#candidate(found),
      candidateError: (url, data, local, family) => this.#candidateError(url, data, local, family),
      progressed: (now) => this.#progressed(now),
    };
  }

  /** After `complete`, and once nothing of it is left, here or on a server. */
  get finished(): boolean {
    return this.#state === 'finished';
  }

  get pending(): readonly Pending[] {
    const names = this.#asked
      .filter(({ resolved }) => !resolved)
      .map(({ server }) => ({ url: server.url, waitingFor: `the addresses of ${server.uri.host}` }));
    const attempts = this.#attempts
      .filter((attempt) => (this.#state === 'releasing' ? !attempt.over : !attempt.settled))
      .map((attempt) => ({ url: attempt.server.url, waitingFor: attempt.waitingFor }));
    return [...(this.#state === 'gathering' ? names : []), ...attempts];
  }

  get deadline(): Deadline | undefined {
    if (this.#state === 'new' || this.#state === 'finished') return undefined;
    let first: Deadline | undefined = { at: this.#limit, why: 'the deadline of the run' };
    for (const { deadline } of this.#timed) first = earlier(first, deadline);
    return first;
  }

  poll(): Output<GathererCommand, GatheringEvent> | undefined {
    return this.#queue.poll();
  }

  handle(input: GathererInput, now: Instant): void {
    if (this.#state === 'finished') return;
    if (input.type === 'start') this.#start(now);
    else if (input.type === 'resolved') {
      // One URL may stand there twice, with two credentials.
      for (const asked of this.#asked) if (asked.server.url === input.url) this.#resolved(asked, input, now);
    } else if (input.type === 'stop') this.#stop(input.why, now, input.by);
    else this.#transports.handle(input, now);
  }

  handleTimeout(now: Instant): void {
    for (const timed of [...this.#timed]) if (this.#timed.has(timed)) timed.handleTimeout(now);
    if (this.#state === 'new' || this.#state === 'finished') return;
    if (!this.#stopping && now >= this.#limit) this.#stop('the time was up', now);
    if (now < this.#deadlineAt) return;
    for (const attempt of this.#attempts) if (!attempt.over) attempt.abandon(now);
    this.#progressed(now);
  }

  #start(now: Instant): void {
    if (this.#state !== 'new') return;
    this.#tellState('new');
    this.#state = 'gathering';
    this.#tellState('gathering');
    this.#limit = Math.max(now, this.#deadlineAt - releaseAllowance(this.#deadlineAt - now));
    if (this.#context.settings.policy === 'all' && !this.#stopping) {
      for (const local of this.#locals) this.#base(local, now);
    }
    // Of servers whose addresses came before the start.
    for (const attempt of this.#attempts) if (!attempt.settled) attempt.begin(now);
    this.#progressed(now);
  }

  #base(local: Local, now: Instant): UdpSocket {
    const known = this.#bases.get(local);
    if (known !== undefined) return known;
    const socket = new UdpSocket(this.#context, local);
    this.#bases.set(local, socket);
    socket.whenReady((failure, at) => {
      const address = socket.address;
      if (failure === undefined && address !== undefined && this.#context.settings.policy === 'all') {
        this.#hostCandidates(local, address);
      }
      this.#progressed(at);
    }, now);
    return socket;
  }

  #hostCandidates(local: Local, address: SocketAddress): void {
    const host = {
      type: 'host',
      related: null,
      local,
      url: null,
      server: null,
      relayProtocol: null,
      rttMs: null,
      requestsSent: null,
    } as const;
    this.#candidate({ ...host, protocol: 'udp', address, base: address });
    if (this.#options.tcp !== true) return;
    // RFC 6544 4.5: an active candidate has no port to be reached at; 9 (discard) stands for it.
    const active = { ...address, port: 9 };
    this.#candidate({ ...host, protocol: 'tcp', address: active, base: active });
  }

  #resolved(asked: Asked, input: Extract<GathererInput, { type: 'resolved' }>, now: Instant): void {
    if (asked.resolved || this.#stopping) return;
    const isStun = asked.server.uri.scheme === 'stun' || asked.server.uri.scheme === 'stuns';
    const skipped = isStun && this.#context.settings.policy === 'relay';
    for (const remote of input.addresses) {
      if (asked.addresses.some((known) => sameSocketAddress(known, remote))) continue;
      asked.addresses.push(remote);
      for (const local of this.#locals) {
        if (skipped || local.family !== remote.family) continue;
        asked.reachable = true;
        const Kind = isStun ? StunAttempt : TurnAttempt;
        const attempt = new Kind(this.#context, asked.server, local, remote);
        this.#attempts.push(attempt);
        if (this.#state !== 'new') attempt.begin(now);
      }
    }
    if (!input.final) return;
    asked.resolved = true;
    if (skipped) this.#skip(asked);
    else if (input.failure !== undefined && asked.addresses.length === 0) {
      const data: StageData = { cause: input.failure.cause, problem: input.failure.detail };
      this.#candidateError(input.url, data, null, null);
    } else if (!asked.reachable) this.#unreachable(asked);
    this.#progressed(now);
  }

  #skip({ server }: Asked): void {
    const problem = 'not asked: with the policy "relay" no STUN server is';
    const stage = endedStage('binding', 'skip', 0, 0, problem, { cause: 'not-run', problem });
    this.#stage(server.url, null, stage, null);
  }

  /** Addresses there are, but none of a family that we have. */
  #unreachable({ server, addresses }: Asked): void {
    const theirs = [...new Set(addresses.map(({ family }) => `IPv${family}`))].join(' and ') || 'none';
    const ours = [...new Set(this.#locals.map(({ family }) => `IPv${family}`))].join(' and ') || 'none';
    const data: StageData = {
      cause: 'unreachable',
      problem: `the server's addresses are ${theirs}, ours are ${ours}`,
      serverFamilies: [...new Set(addresses.map(({ family }) => family))],
      localFamilies: [...new Set(this.#locals.map(({ family }) => family))],
    };
    for (const remote of addresses) {
      const key = this.#attemptKey(null, remote, server.uri.transport);
      this.#stage(server.url, key, endedStage('connect', 'fail', 0, 0, describeFailure(data), data), null);
    }
    this.#candidateError(server.url, data, null, addresses[0]?.family ?? null);
  }

  #stop(why: string, now: Instant, by = this.#deadlineAt): void {
    this.#deadlineAt = Math.min(this.#deadlineAt, by);
    this.#limit = this.#deadlineAt;
    // After `complete` too it may be more urgent, or the end of what was kept.
    if (this.#state === 'complete' || this.#state === 'releasing') this.#stopping = true;
    if (this.#stopping) {
      this.#progressed(now);
      return;
    }
    this.#stopping = true;
    this.#pacer.clear();
    for (const asked of this.#asked) {
      if (asked.resolved) continue;
      asked.resolved = true;
      const problem = `${why} while waiting for the addresses of ${asked.server.uri.host}`;
      this.#stage(
        asked.server.url,
        null,
        endedStage('resolve', 'unknown', 0, 0, problem, { cause: 'not-run', problem }),
        null,
      );
    }
    for (const attempt of this.#attempts) attempt.stop(why, now);
    if (this.#state === 'new') this.#start(now);
    else this.#progressed(now);
  }

  /** Looks whether all has settled, then whether all is given back. */
  #progressed(now: Instant): void {
    if (this.#state === 'gathering') {
      if (!this.#stopping && [...this.#bases.values()].some(({ opening }) => opening)) return;
      if (this.#asked.some(({ resolved }) => !resolved)) return;
      if (this.#attempts.some(({ settled }) => !settled)) return;
      this.#state = 'complete';
      // RFC 8838 13: end-of-candidates; in the words of browsers, the state `complete`.
      this.#tellState('complete');
    }
    if (this.#state === 'complete' && (this.#stopping || this.#options.keep !== true)) {
      this.#state = 'releasing';
      this.#stopping = true;
      this.#limit = this.#deadlineAt;
      const giveUpMs = Math.max(1, Math.min(RELEASE_TIMING.giveUpMs ?? 0, this.#deadlineAt - now));
      for (const attempt of this.#attempts) if (!attempt.over) attempt.release({ ...RELEASE_TIMING, giveUpMs }, now);
    }
    if (this.#state !== 'releasing' || this.#attempts.some(({ over }) => !over)) return;
    this.#state = 'finished';
    for (const base of this.#bases.values()) base.close();
    this.#transports.closeAll();
  }

  #attemptKey(local: Local | null, remote: SocketAddress, transport: TransportKind): AttemptKey {
    return {
      id: `${this.#options.prefix ?? ''}${++this.#keys}`,
      family: remote.family,
      address: remote.address,
      port: remote.port,
      transport,
      interface: local?.interface ?? null,
      localAddress: local?.address ?? null,
    };
  }

  #tellState(state: GatheringStateName): void {
    this.#queue.event({ type: 'gathering-state', url: this.#gathering, state });
  }

  #stage(url: string, attempt: AttemptKey | null, { ms, ...stage }: Stage, transport: TransportId | null): void {
    this.#queue.event({ type: 'stage', url, attempt, transport, durationMs: ms, ...stage });
  }

  #candidate(found: Found): void {
    const offered = this.#candidates.add(found);
    if (offered.kind === 'new') {
      this.#queue.event({ type: 'candidate', gathering: this.#gathering, candidate: offered.candidate });
      return;
    }
    const reason = `redundant with ${offered.with}`;
    this.#queue.event({ type: 'candidate-omitted', gathering: this.#gathering, candidate: offered.candidate, reason });
  }

  #candidateError(url: string, data: StageData, local: SocketAddress | null, family: Family | null): void {
    this.#queue.event({
      type: 'candidate-error',
      gathering: this.#gathering,
      url,
      // WebRTC 4.8.2: the STUN error code, or 701 where the server could not be reached.
      ...(data.cause === 'stun-error' && data.errorCode !== undefined
        ? { errorCode: data.errorCode, errorText: reasonOf(data.errorCode, data.reason) }
        : { errorCode: 701, errorText: describeFailure(data) }),
      address: local?.address ?? null,
      port: local?.port ?? null,
      family,
    });
  }
}

/** Kept free before the deadline, so that allocations can be given back: a second, or a fifth of a shorter time. */
function releaseAllowance(totalMs: number): number {
  return Math.min(1000, totalMs / 5);
}

function settingsOf(options: GathererOptions): Settings {
  const timing = options.timing ?? GATHER_TIMING;
  return {
    random: options.random,
    hashes: options.hashes,
    policy: options.policy ?? 'all',
    timing,
    streamTiming: { ...RELIABLE_TIMING, ...(timing.giveUpMs === undefined ? {} : { giveUpMs: timing.giveUpMs }) },
    earAfterMs: options.earAfterMs ?? EAR_AFTER_MS,
    relayFamilies: options.relayFamilies ?? 'same',
    keep: options.keep ?? false,
  };
}
