import type { Stage } from '../core/attempt.ts';
import type { Timing } from '../core/stun/transaction.ts';
import type { TurnClientOptions } from '../core/turn/client/types.ts';
import type { InterfaceAddress } from '../net/interfaces.ts';
import { audit } from './audit.ts';
import { deep } from './deep/deep.ts';
import type { ProbeEnvironment } from './environment.ts';
import type { LadderResult, LadderTarget } from './ladder.ts';
import type { ProbeOptions } from './probe-options.ts';
import type { RelayDataOptions } from './relay-data.ts';
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
  /** Of the attempt, for events. */
  readonly attempt: string;
  newSession(options?: Pick<TurnClientOptions, 'allocate' | 'keepalive'>): TurnSession;
}

interface Asked {
  readonly target: LadderTarget;
  readonly result: LadderResult;
  readonly options: ProbeOptions;
  readonly interfaces: readonly InterfaceAddress[];
  readonly timing: Timing;
  readonly data: RelayDataOptions;
  readonly signal: AbortSignal;
}

/** What was asked for beyond the ladder, of a server that has been climbed. Records each answer as a stage of its attempt. */
export async function askFurther(asked: Asked, environment: ProbeEnvironment): Promise<void> {
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
    attempt: result.attempt.id,
    newSession: (more) => {
      const session = openSession(target, timing, environment, more);
      sessions.push(session);
      if (signal.aborted) void session.release();
      return session;
    },
  };
  const stop = () => {
    for (const session of sessions) void session.release();
  };
  signal.addEventListener('abort', stop, { once: true });
  for (const [isWanted, progress, question] of QUESTIONS) {
    if (!isWanted(options) || signal.aborted) continue;
    environment.record({ type: 'progress', text: `${progress} ${target.url}` });
    const { ms, ...stage } = await question(task);
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

type Question = readonly [(options: ProbeOptions) => boolean, string, (task: FurtherTask) => Promise<Stage>];

const QUESTIONS: readonly Question[] = [
  [({ deep: wanted }) => wanted === true, 'what else can be had of', deep],
  [({ audit: wanted }) => wanted === true, 'audit of', audit],
];
