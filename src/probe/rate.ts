import type { Stage } from '../core/attempt.ts';
import { endedStage } from '../core/stun/describe.ts';
import type { FurtherTask } from './further.ts';
import { openPath } from './open-path.ts';
import { thereAndBack } from './relay-data.ts';

/** Sends at the asked rate for some seconds, there and back, and tells how much of it arrives. */
export async function rate(task: FurtherTask, seconds: number): Promise<Stage> {
  const { environment, data } = task;
  const { clock } = environment;
  const startedAt = clock.now();
  const opened = task.carriesData ? await openPath(task, 'rate') : undefined;
  if (opened === undefined) {
    const status = task.carriesData ? 'unknown' : 'skip';
    return endedStage('rate', status, startedAt, clock.now(), 'no data crosses this relay', {});
  }
  const { path } = opened;
  try {
    const packets = Math.max(1, Math.round((1000 * seconds) / data.spacingMs));
    const sentFrom = clock.now();
    let sentTo = sentFrom;
    const send: typeof path.session.send = (...packet) => {
      sentTo = clock.now();
      path.session.send(...packet);
    };
    const options = { ...data, packets, send, purpose: 'rate' as const };
    const { bursts, cutOff } = await thereAndBack(path, path.guess, options, environment);
    if (cutOff)
      return endedStage('rate', 'unknown', startedAt, clock.now(), 'the run ended before', { cause: 'not-run' });
    for (const burst of bursts) environment.record({ ...burst, roundTripsMs: [] });
    // A machine that is too slow for the rate offers less, and the relay is not to blame for that.
    const ms = Math.max(1, sentTo - sentFrom + data.spacingMs);
    const kbps = (count: number): number => Math.round((count * data.size * 8) / ms);
    const [out, back] = bursts;
    const offeredKbps = kbps(packets);
    const deliveredKbps = kbps(Math.min(out?.received ?? 0, back?.received ?? 0));
    const detail = `${deliveredKbps} of ${offeredKbps} kbit/s`;
    return endedStage('rate', 'pass', startedAt, clock.now(), detail, { rate: { offeredKbps, deliveredKbps } });
  } finally {
    await opened.close();
  }
}
