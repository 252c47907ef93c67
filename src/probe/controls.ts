import type { SocketAddress } from '../core/address.ts';
import type { AttemptKey, Stage, StageData, StageEnded } from '../core/attempt.ts';
import type { GatherServer, LocalAddress } from '../core/ice/gatherer-io.ts';
import { endedStage, failedStage } from '../core/stun/describe.ts';
import type { Timing } from '../core/stun/transaction.ts';
import { causeOfSystemError } from '../core/system-error.ts';
import type { Instant } from '../core/time.ts';
import { sourceAddressFor } from '../net/source-address.ts';
import { noiseInsteadOfHello, webHandshake } from '../net/web-handshake.ts';
import { type Control, controlsFor, type Endpoint, endpointKey, endpointsOf, noteStage } from './control-plan.ts';
import type { ProbeEnvironment } from './environment.ts';
import { TurnSession } from './turn-session.ts';

/** Silence for so long is worth a look from another side, while the first requests still wait. */
const SUSPICION_MS = 1200;
/** A control tells causes apart; it is not worth holding up a run for. */
const CONTROL_MS = 1500;
/** With less than that left, none is begun. */
const LEAST_MS = 100;
/** A reset comes at once, or not at all. */
const NOISE_MS = 800;
const CONTROLS_AT_MOST = 12;
const CONTROL_TIMING: Timing = { rtoMs: 400, maxSends: 3, lastWaitFactor: 2, giveUpMs: CONTROL_MS };

export interface ControlsTask {
  /** Where an interface was chosen, controls go out there as well. */
  readonly locals: readonly LocalAddress[];
  /** Aborted: no control is begun any more. */
  readonly signal: AbortSignal;
  /** By then each is over. */
  readonly deadlineAt: Instant;
}

/**
 * Watches the attempts at servers that were asked for; where one fails, or is silent for too long, tries what nobody asked
 * for beside it, to tell causes apart: another transport on the same port, another port of the same host. Nothing is tried
 * at a host that was not named, no credential is sent, and every stage is marked as that of a control.
 */
export class Controls {
  readonly #task: ControlsTask;
  readonly #environment: ProbeEnvironment;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #begun = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #count = 0;

  constructor(task: ControlsTask, environment: ProbeEnvironment) {
    this.#task = task;
    this.#environment = environment;
  }

  /** These are being asked now. */
  expect(server: GatherServer, addresses: readonly SocketAddress[]): void {
    const fresh = endpointsOf(server, addresses).filter(
      ({ address, transport }) => !this.#endpoints.has(endpointKey(address, transport)),
    );
    for (const endpoint of fresh) this.#endpoints.set(endpointKey(endpoint.address, endpoint.transport), endpoint);
    if (fresh.length === 0) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      for (const endpoint of fresh) this.#look(endpoint);
    }, SUSPICION_MS);
    this.#timers.add(timer);
  }

  /** Bound. A stage of what was asked for has ended. */
  readonly note = (event: StageEnded): void => {
    const { attempt, control } = event;
    if (attempt === null || control !== undefined) return;
    const endpoint = this.#endpoints.get(endpointKey(attempt, attempt.transport));
    if (endpoint === undefined) return;
    noteStage(endpoint, event);
    // Silence was looked into before it became a failure, and what is refused at once needs no time to be believed.
    if (event.status === 'fail') this.#look(endpoint);
  };

  /** No attempt is under way any more: resolves when the controls that were begun are over. */
  async settled(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#running);
  }

  #look(endpoint: Endpoint): void {
    for (const control of controlsFor(endpoint)) {
      const place = endpointKey(control.address, control.kind);
      const key = control.again === true ? `${place} again` : place;
      if (this.#begun.has(key) || this.#endpoints.has(key)) continue;
      if (this.#begun.size >= CONTROLS_AT_MOST || this.#task.signal.aborted || this.#timeLeft < LEAST_MS) return;
      this.#begun.add(key);
      const running = this.#try(control).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  get #timeLeft(): number {
    return Math.min(CONTROL_MS, this.#task.deadlineAt - this.#environment.clock.now());
  }

  async #try(control: Control): Promise<void> {
    const local = await this.#localFor(control.address);
    if (local === undefined) return;
    const attempt: AttemptKey = {
      id: `control-${++this.#count}`,
      family: control.address.family,
      address: control.address.address,
      port: control.address.port,
      transport: control.kind === 'web' ? 'tls' : control.kind,
      interface: local.interface === '' ? null : local.interface,
      localAddress: local.address,
    };
    const { url, why } = control;
    const record = ({ ms, ...stage }: Stage, transport: string | null): void =>
      this.#environment.record({ type: 'stage', ...stage, durationMs: ms, url, attempt, transport, control: why });
    if (control.kind === 'web') record(await this.#lookForFilter(control, local), null);
    else await this.#ask(control, control.kind, local, record);
  }

  async #ask(
    { address, host, until }: Control,
    kind: Exclude<Control['kind'], 'web'>,
    local: LocalAddress,
    record: (stage: Stage, transport: string | null) => void,
  ): Promise<void> {
    const { now } = this.#environment.clock;
    const startedAt = now();
    const session = new TurnSession(
      { kind, server: address, host, local },
      { timing: CONTROL_TIMING },
      this.#environment,
    );
    const timer = setTimeout(() => void session.release(), this.#timeLeft);
    const isOpen = await session.open();
    for (const stage of session.openStages) record(stage, session.transport);
    if (!isOpen && !session.openStages.some(({ status }) => status === 'fail')) {
      const stage = session.openStages.length === 0 ? 'connect' : 'tls';
      record(failedStage(stage, startedAt, now(), { cause: 'timeout' }), session.transport);
    }
    if (isOpen && until === 'answer') {
      const askedAt = now();
      const stage = await session.binding();
      const isCut = stage.data.cause === 'not-run';
      record(isCut ? failedStage('binding', askedAt, now(), { cause: 'timeout' }) : stage, session.transport);
    }
    clearTimeout(timer);
    await session.release();
  }

  /** A handshake was reset: on its way, or by the server, which would do the same to any noise? */
  async #lookForFilter({ address, host }: Control, local: LocalAddress): Promise<Stage> {
    const { now } = this.#environment.clock;
    const startedAt = now();
    const request = { local: local.address, remote: address, host };
    const time = this.#timeLeft;
    const [first, second, noise] = await Promise.all([
      webHandshake(request, time),
      // Some servers reset a handshake now and then, and are silent at the next; a filter is not so fickle.
      webHandshake(request, time),
      noiseInsteadOfHello(request, Math.min(time, NOISE_MS)),
    ]);
    const error = first === null ? null : second;
    const areReset = first === 'ECONNRESET' && second === 'ECONNRESET';
    const handshake = error === null ? 'pass' : areReset ? 'reset' : 'fail';
    const data: StageData = { webHandshake: handshake, noise };
    const problem = `noise in place of a handshake: ${noise}`;
    if (error === null) {
      return endedStage('tls', 'pass', startedAt, now(), `handshake as of a web browser; ${problem}`, data);
    }
    return failedStage('tls', startedAt, now(), {
      ...data,
      cause: causeOfSystemError(error),
      systemError: error,
      problem,
    });
  }

  async #localFor(remote: SocketAddress): Promise<LocalAddress | undefined> {
    const own = this.#task.locals.filter(({ family }) => family === remote.family);
    const source = await sourceAddressFor(remote);
    const routed = 'error' in source ? undefined : own.find(({ address }) => address === source.address);
    return routed ?? own[0];
  }
}
