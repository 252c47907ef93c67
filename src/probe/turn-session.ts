import type { SocketAddress } from '../core/address.ts';
import type { Stage, StageName } from '../core/attempt.ts';
import { endedStage, failedStage } from '../core/stun/describe.ts';
import type { LongTermCredentials, LongTermSession } from '../core/stun/long-term.ts';
import type { Timing } from '../core/stun/transaction.ts';
import { causeOfSystemError } from '../core/system-error.ts';
import type { Allocation, ReleaseOutcome, TurnClientOptions, TurnResult } from '../core/turn/client/types.ts';
import { Driver } from '../net/drive.ts';
import { type Ear, openEar } from './ear.ts';
import type { ProbeEnvironment } from './environment.ts';
import { type SessionInput, SessionMachine, type SessionTarget } from './session-machine.ts';

export type AllocateResult =
  | { readonly ok: true; readonly allocation: Allocation; readonly stages: readonly Stage[] }
  | { readonly ok: false; readonly stages: readonly Stage[] };

export interface ReceivedData {
  readonly peer: SocketAddress;
  readonly channel: number | null;
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** A session with a target, with its credentials where there are any. */
export function openSession(
  target: SessionTarget & { readonly credentials?: LongTermCredentials },
  timing: Timing,
  environment: ProbeEnvironment,
  options: Pick<TurnClientOptions, 'allocate' | 'keepalive'> = {},
): TurnSession {
  const { kind, server, host, local, credentials } = target;
  return new TurnSession(
    { kind, server, host, local },
    { timing, ...(credentials !== undefined && { credentials }), ...options },
    environment,
  );
}

let sessions = 0;

/**
 * One allocation on one transport, as promises: each request resolves with its stage, none ever rejects. The machine
 * underneath has the protocol; this has the order in which a probe asks.
 */
export class TurnSession {
  /** `connect` and `tls`: known once `open` has resolved. */
  readonly openStages: Stage[] = [];
  readonly transport: string;
  local: SocketAddress | undefined;
  onData: (data: ReceivedData) => void = () => {};
  /** RFC 6062: a peer has connected to the relayed address. */
  onConnectionAttempt: (attempt: { readonly peer: SocketAddress; readonly connectionId: number }) => void = () => {};
  /** The allocation went though nobody released it. */
  lost: Stage['data'] | undefined;
  /** Resolves when `lost` is set. */
  readonly whenLost: Promise<void>;
  /** Renewals that nobody asked for, and that failed: of the allocation, a permission, a channel. */
  readonly failedRenewals: Stage[] = [];
  readonly #environment: ProbeEnvironment;
  readonly #machine: SessionMachine;
  readonly #driver: Driver<SessionInput>;
  readonly #target: SessionTarget;
  readonly #startedAt: number;
  #connectedAt: number | undefined;
  #nextId = 1;
  readonly #waiting = new Map<string, { readonly name: StageName; readonly resolve: (stage: Stage) => void }>();
  readonly #allocateStages: Stage[] = [];
  #opened: (ok: boolean) => void = () => {};
  #allocated: (result: AllocateResult) => void = () => {};
  readonly #released: Promise<ReleaseOutcome>;
  #resolveReleased: (outcome: ReleaseOutcome) => void = () => {};
  #resolveLost: () => void = () => {};
  #isAllocated = false;
  #isOpen = false;
  #isOver = false;
  #ear: Ear | undefined;

  constructor(target: SessionTarget, options: Omit<TurnClientOptions, 'hashes'>, environment: ProbeEnvironment) {
    this.#target = target;
    this.#environment = environment;
    this.transport = `probe-${++sessions}`;
    this.#startedAt = environment.clock.now();
    this.#released = new Promise((resolve) => {
      this.#resolveReleased = resolve;
    });
    this.whenLost = new Promise((resolve) => {
      this.#resolveLost = resolve;
    });
    const { random, hashes } = environment;
    const machine = new SessionMachine(
      target,
      { ...options, random, hashes, transport: this.transport },
      {
        connected: () => this.#connected(),
        opened: (local, problems) => this.#onOpened(local, problems),
        failed: (error, detail) => this.#onFailed(error, detail),
        result: (result) => this.#onResult(result),
      },
    );
    this.#machine = machine;
    this.#driver = new Driver(machine, () => machine.ended, environment);
    const kill = () => {
      this.#driver.handle({ type: 'abandon' });
      this.#driver.close();
    };
    environment.kill.addEventListener('abort', kill, { once: true });
    if (environment.kill.aborted) kill();
    this.#driver.done
      .finally(() => environment.kill.removeEventListener('abort', kill))
      .then(
        () => this.#end('none'),
        (error) => {
          environment.fault(error);
          this.#end('none');
        },
      );
  }

  /** For connections that are to be joined to the allocation (RFC 6062). */
  get credentials(): LongTermSession | undefined {
    return this.#machine.session;
  }

  /** Opens the transport; false where `openStages` says why it could not be had. */
  open(): Promise<boolean> {
    if (this.#isOver) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#opened = resolve;
      this.#driver.handle({ type: 'start' });
    });
  }

  binding(): Promise<Stage> {
    return this.#request('binding', (id) => ({ type: 'binding', id }));
  }

  /** The stages `challenge` and `allocate`, and the allocation where there is one. */
  allocate(): Promise<AllocateResult> {
    if (this.#isOver) return Promise.resolve({ ok: false, stages: [] });
    return new Promise((resolve) => {
      this.#allocated = resolve;
      this.#driver.handle({ type: 'allocate' });
    });
  }

  permit(peers: readonly SocketAddress[]): Promise<Stage> {
    return this.#request('permission', (id) => ({ type: 'create-permission', id, peers }));
  }

  bindChannel(channel: number, peer: SocketAddress): Promise<Stage> {
    return this.#request('channel', (id) => ({ type: 'bind-channel', id, channel, peer }));
  }

  refresh(lifetime?: number): Promise<Stage> {
    return this.#request('refresh', (id) => ({ type: 'refresh', id, ...(lifetime !== undefined && { lifetime }) }));
  }

  /** RFC 6062: the server connects to the peer; the stage's data has the `connectionId`. */
  connectPeer(peer: SocketAddress): Promise<Stage> {
    return this.#request('peer-connect', (id) => ({ type: 'connect-peer', id, peer }));
  }

  /** Through the channel where one is given, even if the answer to its binding was not to be trusted. */
  send(peer: SocketAddress, bytes: Uint8Array, channel?: number): void {
    this.#driver.handle({ type: 'send', peer, bytes, ...(channel !== undefined && { channel, unconfirmed: true }) });
  }

  /** By a Send indication with DONT-FRAGMENT. */
  sendWhole(peer: SocketAddress, bytes: Uint8Array): void {
    this.#driver.handle({ type: 'send', peer, bytes, dontFragment: true });
  }

  /** Gives the allocation back; also after a failure, and more than once. Closes the transport. */
  async release(): Promise<Stage> {
    const startedAt = this.#environment.clock.now();
    if (this.#isOpen) this.#driver.handle({ type: 'release' });
    else this.#driver.close();
    const outcome = await this.#released;
    const now = this.#environment.clock.now();
    if (outcome === 'unconfirmed') return failedStage('release', startedAt, now, { cause: 'timeout' });
    const detail = outcome === 'released' ? 'confirmed' : 'there was nothing to release';
    return endedStage('release', outcome === 'released' ? 'pass' : 'skip', startedAt, now, detail, {});
  }

  #request(name: StageName, input: (id: string) => SessionInput): Promise<Stage> {
    const id = `${this.#nextId++}`;
    if (this.#isOver) return Promise.resolve(this.#notRun(name));
    return new Promise((resolve) => {
      this.#waiting.set(id, { name, resolve });
      this.#driver.handle(input(id));
    });
  }

  #connected(): void {
    this.#connectedAt = this.#environment.clock.now();
    this.openStages.push(endedStage('connect', 'pass', this.#startedAt, this.#connectedAt, 'TCP connection', {}));
  }

  #onOpened(local: SocketAddress, tlsProblems: readonly string[]): void {
    this.local = local;
    this.#isOpen = true;
    const now = this.#environment.clock.now();
    if (this.#target.kind === 'tcp') {
      this.openStages.push(endedStage('connect', 'pass', this.#startedAt, now, 'TCP connection', {}));
    } else if (this.#target.kind === 'tls') {
      const problem = tlsProblems.join('; ');
      const stage = tlsProblems.length === 0 ? 'handshake, certificate good' : `went on although ${problem}`;
      const data = tlsProblems.length === 0 ? {} : { problem };
      const from = this.#connectedAt ?? this.#startedAt;
      this.openStages.push(endedStage('tls', tlsProblems.length === 0 ? 'pass' : 'warn', from, now, stage, data));
    }
    if (this.#target.kind === 'udp') this.#listen(local);
    queueMicrotask(() => this.#opened(true));
  }

  /** A port that is closed says so by ICMP, which the socket that works does not hear. */
  #listen(local: SocketAddress): void {
    const ear = openEar(local, this.#target.server, this.#environment);
    this.#ear = ear;
    void ear.heard.then((error) => {
      if (this.#isOpen) this.#driver.handle({ type: 'failed', transport: this.transport, error });
    });
  }

  #onFailed(error: string, detail: string | undefined): void {
    const now = this.#environment.clock.now();
    const data = { cause: causeOfSystemError(error), systemError: error, ...(detail && { problem: detail }) };
    const stage = this.#connectedAt === undefined ? 'connect' : 'tls';
    this.openStages.push(failedStage(stage, this.#connectedAt ?? this.#startedAt, now, data));
    queueMicrotask(() => this.#opened(false));
  }

  #onResult(result: TurnResult): void {
    switch (result.type) {
      case 'stage': {
        // Whoever answers, is there: the ear has nothing more to hear.
        if (result.stage.data.cause !== 'timeout') this.#ear?.close();
        const waiting = result.id === null ? undefined : this.#waiting.get(result.id);
        if (waiting === undefined && this.#isAllocated) {
          if (result.stage.status === 'fail' && result.stage.stage !== 'release')
            this.failedRenewals.push(result.stage);
        } else if (waiting === undefined) this.#allocateStages.push(result.stage);
        else if (result.id !== null) {
          this.#waiting.delete(result.id);
          waiting.resolve(result.stage);
        }
        return;
      }
      case 'allocated':
        this.#isAllocated = true;
        this.#allocated({ ok: true, allocation: result.allocation, stages: [...this.#allocateStages] });
        return;
      case 'failed':
        this.#allocated({ ok: false, stages: [...this.#allocateStages] });
        return;
      case 'data':
        this.onData({
          peer: result.peer,
          channel: result.channel,
          bytes: result.bytes,
          at: this.#environment.clock.now(),
        });
        return;
      case 'connection-attempt':
        this.onConnectionAttempt(result);
        return;
      case 'lost':
        this.lost = result.data;
        this.#resolveLost();
        return;
      case 'released':
        this.#end(result.outcome);
        return;
      default:
        return;
    }
  }

  /** Whatever is still waited for will not come any more. */
  #end(outcome: ReleaseOutcome): void {
    this.#isOpen = false;
    this.#isOver = true;
    this.#ear?.close();
    this.#resolveReleased(outcome);
    for (const [id, { name, resolve }] of this.#waiting) {
      this.#waiting.delete(id);
      resolve(this.#notRun(name));
    }
    this.#allocated({ ok: false, stages: [...this.#allocateStages] });
    this.#opened(false);
  }

  #notRun(name: StageName): Stage {
    const now = this.#environment.clock.now();
    return failedStage(name, now, now, { cause: 'not-run', problem: 'the session was over' });
  }
}
