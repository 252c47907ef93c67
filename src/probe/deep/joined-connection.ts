import type { StageData } from '../../core/attempt.ts';
import type { Deadline, Machine, Output } from '../../core/machine.ts';
import { OutputQueue } from '../../core/queue.ts';
import type { LongTermSession } from '../../core/stun/long-term.ts';
import { causeOfSystemError } from '../../core/system-error.ts';
import type { Instant } from '../../core/time.ts';
import { DataConnection, type DataConnectionOptions } from '../../core/turn/client/data-connection.ts';
import { Driver, type SocketCommand, type SocketInput } from '../../net/drive.ts';
import type { EventBody } from '../../record/events.ts';
import type { ProbeEnvironment } from '../environment.ts';
import type { LadderTarget } from '../ladder.ts';
import { PROBE_TIMING } from '../timing.ts';

/** Our end of a connection through the relay (RFC 6062). */
export interface JoinedConnection {
  onData: (bytes: Uint8Array) => void;
  send(bytes: Uint8Array): void;
  close(): void;
}

let connections = 0;

/** Opens another connection to the server and has it joined to one between relay and peer. */
export function joinConnection(
  target: LadderTarget,
  connectionId: number,
  session: LongTermSession | undefined,
  environment: ProbeEnvironment,
): Promise<
  { readonly ok: true; readonly connection: JoinedConnection } | { readonly ok: false; readonly data: StageData }
> {
  return new Promise((resolve) => {
    const machine = new JoiningMachine(target, connectionId, session, environment, {
      bound: () => resolve({ ok: true, connection }),
      failed: (data) => {
        resolve({ ok: false, data });
        driver.close();
      },
      data: (bytes) => connection.onData(bytes),
    });
    const driver = new Driver<Send>(machine, () => false, environment);
    const close = () => {
      environment.kill.removeEventListener('abort', end);
      driver.close();
    };
    const end = () => {
      close();
      resolve({ ok: false, data: { cause: 'not-run' } });
    };
    const connection: JoinedConnection = {
      onData: () => {},
      send: (bytes) => driver.handle({ type: 'send', bytes }),
      close,
    };
    environment.kill.addEventListener('abort', end, { once: true });
    driver.done.catch(environment.fault);
    driver.handle({ type: 'start' });
  });
}

type Send = { readonly type: 'start' } | { readonly type: 'send'; readonly bytes: Uint8Array };

interface Listener {
  bound(): void;
  failed(data: StageData): void;
  data(bytes: Uint8Array): void;
}

/** A {@link DataConnection} that opens its own transport. */
class JoiningMachine implements Machine<Send | SocketInput, SocketCommand, EventBody> {
  readonly #target: LadderTarget;
  readonly #transport = `probe-join-${++connections}`;
  readonly #connection: DataConnection;
  readonly #listener: Listener;
  readonly #out = new OutputQueue<SocketCommand, EventBody>();

  constructor(
    target: LadderTarget,
    connectionId: number,
    session: LongTermSession | undefined,
    environment: ProbeEnvironment,
    listener: Listener,
  ) {
    const { server, kind } = target;
    const { random } = environment;
    const options: DataConnectionOptions = {
      transport: this.#transport,
      kind: kind === 'tls' ? 'tls' : 'tcp',
      server,
      connectionId,
      timing: PROBE_TIMING,
      random,
      session,
    };
    this.#target = target;
    this.#listener = listener;
    this.#connection = new DataConnection(options);
  }

  get deadline(): Deadline | undefined {
    return this.#connection.deadline;
  }

  handleTimeout(now: Instant): void {
    this.#connection.handleTimeout(now);
  }

  handle(input: Send | SocketInput, now: Instant): void {
    switch (input.type) {
      case 'start': {
        const { kind, local, server: remote, host } = this.#target;
        const transport = this.#transport;
        if (kind !== 'udp') this.#out.command({ type: 'connect', transport, kind, local, remote, host });
        return;
      }
      case 'opened':
        this.#connection.handle({ type: 'bind' }, now);
        return;
      case 'received':
      case 'send':
        this.#connection.handle(input, now);
        return;
      case 'failed': {
        const clue = { cause: causeOfSystemError(input.error), systemError: input.error };
        this.#connection.handle({ type: 'closed', clue }, now);
        this.#listener.failed(clue);
        return;
      }
      default:
    }
  }

  poll(): Output<SocketCommand, EventBody> | undefined {
    const own = this.#out.poll();
    if (own !== undefined) return own;
    for (let output = this.#connection.poll(); output !== undefined; output = this.#connection.poll()) {
      if (output.kind !== 'event') return output;
      const { event } = output;
      // A machine must not be fed while it is drained: what follows from this waits for the end of the step.
      if (event.type === 'bound') queueMicrotask(() => this.#listener.bound());
      else if (event.type === 'bind-failed') queueMicrotask(() => this.#listener.failed(event.data));
      else if (event.type === 'peer-data') queueMicrotask(() => this.#listener.data(event.bytes));
      else return { kind: 'event', event };
    }
    return undefined;
  }
}
