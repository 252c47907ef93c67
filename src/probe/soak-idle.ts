import type { SoakResult } from '../core/attempt.ts';
import type { FurtherTask } from './further.ts';
import { pause } from './pause.ts';

/** Pauses double; the longest is half of the time. */
const STEPS = [1 / 15, 2 / 15, 4 / 15, 8 / 15];
/** What is asked for beyond the soak, so that the allocation does not end before the last question. */
const MARGIN_SECONDS = 60;

/**
 * A connection to the server that is left alone for longer and longer: load balancers and firewalls forget what is quiet. Each
 * pause ends with a request, whose answer shows that the way stands. Undefined where there was nothing to begin with, or no
 * pause came to its end.
 */
export async function soakIdle(task: FurtherTask, seconds: number): Promise<SoakResult['idle']> {
  const { signal, environment } = task;
  const lifetime = Math.ceil(seconds) + MARGIN_SECONDS;
  // Nothing may be renewed meanwhile: a renewal is traffic. 600 s is what a server gives unasked (RFC 8656 3.2).
  const session = task.newSession({ keepalive: false, ...(lifetime > 600 ? { allocate: { lifetime } } : {}) });
  try {
    const allocated = (await session.open()) ? await session.allocate() : undefined;
    if (allocated?.ok !== true) return undefined;
    const endsAt = environment.clock.now() + 1000 * allocated.allocation.lifetime;
    let alive: SoakResult['idle'];
    for (const step of STEPS) {
      const idleSeconds = Math.round(10 * step * seconds) / 10;
      const since = environment.clock.now();
      // What ends with its allocation was not left idle for too long.
      if (since + 1000 * idleSeconds >= endsAt) return alive;
      await pause(1000 * idleSeconds, signal, session.whenLost);
      if (signal.aborted) return alive;
      // Said by a reset or an end in the middle of the pause.
      const waited = Math.round((environment.clock.now() - since) / 100) / 10;
      if (session.lost !== undefined) return { seconds: Math.min(waited, idleSeconds), alive: false };
      // Whatever is answered, with an error too, has come through.
      const stage = await session.binding();
      if (signal.aborted) return alive;
      if (stage.status !== 'pass' && stage.data.errorCode === undefined) return { seconds: idleSeconds, alive: false };
      alive = { seconds: idleSeconds, alive: true };
    }
    return alive;
  } finally {
    await session.release();
  }
}
