import { type SocketAddress, sameSocketAddress } from '../address.ts';
import type { StageData } from '../attempt.ts';
import { type Deadline, earlier, type Output } from '../machine.ts';
import { OutputQueue } from '../queue.ts';
import { describeFailure, endedStage } from '../stun/describe.ts';
import type { Instant } from '../time.ts';
import { RELEASE_TIMING } from '../turn/client/types.ts';
import type { GatheringEvent } from './events.ts';
import type {
  GathererCommand,
  GathererInput,
  GathererMachine,
  GathererOptions,
  GatherServer,
  Pending,
} from './gatherer-io.ts';
import type { Attempt, GatheringContext, Timed } from './gathering/context.ts';
import { type Local, rankLocals } from './gathering/locals.ts';
import { Pacer } from './gathering/pacer.ts';
import { releaseAllowance, settingsOf } from './gathering/settings.ts';
import { StunAttempt } from './gathering/stun-attempt.ts';
import { Telling } from './gathering/telling.ts';
import { Transports } from './gathering/transports.ts';
import { TurnAttempt } from './gathering/turn-attempt.ts';
import { UdpSocket } from './gathering/udp-socket.ts';

export { GATHER_TIMING } from './gathering/settings.ts';

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
  readonly #queue = new OutputQueue<GathererCommand, GatheringEvent>();
  readonly #context: GatheringContext;
  readonly #transports: Transports;
  readonly #pacer: Pacer;
  readonly #timed = new Set<Timed>();
  readonly #locals: readonly Local[];
  readonly #bases = new Map<Local, UdpSocket>();
  readonly #asked: Asked[];
  readonly #attempts: Attempt[] = [];
  readonly #tell: Telling;
  #state: 'new' | 'gathering' | 'complete' | 'releasing' | 'finished' = 'new';
  #deadlineAt: Instant;
  /** When to stop, so that the releases are done by the deadline; once stopped, the deadline itself. */
  #limit: Instant;
  #stopping = false;

  constructor(options: GathererOptions) {
    const settings = settingsOf(options);
    this.#deadlineAt = options.deadlineAt;
    this.#limit = options.deadlineAt;
    this.#locals = rankLocals(options.locals);
    this.#asked = options.servers.map((server) => ({ server, addresses: [], resolved: false, reachable: false }));
    this.#transports = new Transports((command) => this.#queue.command(command), settings);
    this.#pacer = new Pacer(settings.pacingMs);
    this.#timed.add(this.#pacer).add(this.#transports);
    this.#tell = new Telling(settings, (event) => this.#queue.event(event));
    this.#context = {
      settings,
      transports: this.#transports,
      pacer: this.#pacer,
      timed: this.#timed,
      tell: this.#tell,
      outputs: this.#queue,
      base: (local, now) => this.#base(local, now),
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
    this.#tell.state('new');
    this.#state = 'gathering';
    this.#tell.state('gathering');
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
    this.#tell.candidate({ ...host, protocol: 'udp', address, base: address });
    if (!this.#context.settings.tcp) return;
    // RFC 6544 4.5: an active candidate has no port to be reached at; 9 (discard) stands for it.
    const active = { ...address, port: 9 };
    this.#tell.candidate({ ...host, protocol: 'tcp', address: active, base: active });
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
      this.#tell.candidateError(input.url, data, null, null);
    } else if (!asked.reachable) this.#unreachable(asked);
    this.#progressed(now);
  }

  #skip({ server }: Asked): void {
    const problem = 'not asked: with the policy "relay" no STUN server is';
    const stage = endedStage('binding', 'skip', 0, 0, problem, { cause: 'not-run', problem });
    this.#tell.stage(server.url, null, stage, null);
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
      const key = this.#tell.attemptKey(null, remote, server.uri.transport);
      this.#tell.stage(server.url, key, endedStage('connect', 'fail', 0, 0, describeFailure(data), data), null);
    }
    this.#tell.candidateError(server.url, data, null, addresses[0]?.family ?? null);
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
      this.#tell.stage(
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
      this.#tell.state('complete');
    }
    if (this.#state === 'complete' && (this.#stopping || !this.#context.settings.keep)) {
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
}
