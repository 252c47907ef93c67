import type { SocketAddress } from '../core/address.ts';
import type { Stage } from '../core/attempt.ts';
import type { Timing } from '../core/stun/transaction.ts';
import type { TurnClientOptions } from '../core/turn/client/types.ts';
import type { InterfaceAddress } from '../net/interfaces.ts';
import type { EventBody } from '../record/events.ts';
import { audit } from './audit.ts';
import { deep } from './deep/deep.ts';
import type { ProbeEnvironment } from './environment.ts';
import type { LadderResult, LadderTarget } from './ladder.ts';
import { permittedAddresses } from './permission.ts';
import type { ProbeOptions } from './probe-options.ts';
import type { KnownNetwork } from './probing.ts';
import { rate } from './rate.ts';
import type { RelayDataOptions } from './relay-data.ts';
import { soak } from './soak.ts';
import { openSession, type TurnSession } from './turn-session.ts';

/** What a question beyond the ladder is given. Its sessions are its own, and released by it. */
export interface FurtherTask {
  readonly target: LadderTarget;
  readonly allocated: boolean;
  readonly carriesData: boolean;
  readonly interfaces: readonly InterfaceAddress[];
  readonly data: RelayDataOptions;
  readonly signal: AbortSignal;
  readonly environment: ProbeEnvironment;
  /** Addresses that a peer of ours may come from. */
  permitted(guess: SocketAddress): readonly SocketAddress[];
  /** Addresses of ours that servers saw in this run. */
  seen(): readonly string[];
  /** Of the attempt, for events. */
  readonly attempt: string;
  /** `note` hears the session's events beside the run's record. */
  newSession(
    options?: Pick<TurnClientOptions, 'allocate' | 'keepalive'>,
    note?: (body: EventBody) => void,
  ): TurnSession;
}

interface Asked {
  readonly target: LadderTarget;
  readonly result: LadderResult;
  readonly options: ProbeOptions;
  readonly interfaces: readonly InterfaceAddress[];
  readonly timing: Timing;
  readonly data: RelayDataOptions;
  readonly signal: AbortSignal;
  readonly known: KnownNetwork;
}

/** What was asked for beyond the ladder, of a server that has been climbed. Records each answer as a stage of its attempt. */
export async function askFurther(
  asked: Asked,
  phase: 'at-once' | 'soak',
  environment: ProbeEnvironment,
): Promise<void> {
  const { target, result, options, interfaces, timing, data, signal } = asked;
  const sessions: TurnSession[] = [];
  const task: FurtherTask = {
    target,
    allocated: result.allocation !== null,
    carriesData: result.carriesData,
    interfaces,
    data,
    signal,
    environment,
    seen: () => asked.known.seenAddresses(),
    permitted: (guess) => permittedAddresses(guess, asked.known.seenAddresses()),
    attempt: result.attempt.id,
    newSession: (more, note) => {
      const record = (body: EventBody): void => {
        note?.(body);
        environment.record(body);
      };
      const session = openSession(target, timing, { ...environment, record }, more);
      sessions.push(session);
      if (signal.aborted) void session.release();
      return session;
    },
  };
  const stop = () => {
    for (const session of sessions) void session.release();
  };
  signal.addEventListener('abort', stop, { once: true });
  for (const [isWanted, progress, question] of phase === 'soak' ? [SOAK] : QUESTIONS) {
    if (!isWanted(options) || signal.aborted) continue;
    environment.record({ type: 'progress', text: `${progress} ${target.url}` });
    const { ms, ...stage } = await question(task, options);
    environment.record({
      type: 'stage',
      ...stage,
      durationMs: ms,
      url: target.url,
      attempt: result.attempt,
      transport: null,
    });
  }
  signal.removeEventListener('abort', stop);
}

type Question = readonly [
  (options: ProbeOptions) => boolean,
  string,
  (task: FurtherTask, options: ProbeOptions) => Promise<Stage>,
];

/** Lasts: every server has its own at the same time, once nothing else disturbs. */
const SOAK: Question = [
  ({ soakMinutes }) => soakMinutes !== undefined,
  'soak of',
  (task, { soakMinutes = 0 }) => soak(task, 60 * soakMinutes),
];

const SOAK_RATE_SECONDS = 3;

const QUESTIONS: readonly Question[] = [
  [
    ({ durationSeconds, soakMinutes }) => durationSeconds !== undefined || soakMinutes !== undefined,
    'the rate through',
    (task, { durationSeconds = SOAK_RATE_SECONDS }) => rate(task, durationSeconds),
  ],
  [({ deep: wanted }) => wanted === true, 'what else can be had of', deep],
  [({ audit: wanted }) => wanted === true, 'audit of', audit],
];
