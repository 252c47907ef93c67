import type { SoakEnd, SoakResult, Stage } from '../core/attempt.ts';
import { endedStage } from '../core/stun/describe.ts';
import { MIN_CHANNEL } from '../core/turn/channel-data.ts';
import type { EventBody } from '../record/events.ts';
import type { FurtherTask } from './further.ts';
import { openPath } from './open-path.ts';
import { pause } from './pause.ts';
import { type RelayDataPath, thereAndBack } from './relay-data.ts';
import { soakIdle } from './soak-idle.ts';

/** Each way, each round: a call sends more, but a soak is no load test. */
const PACKETS = 2;
const SIZE = 172;
const ROUND_MS = 1000;
/** So many rounds without an echo are a reason to look closer. */
const SUSPICIOUS = 3;
/** At 20 % loss each way, none of so many comes back by chance once in a thousand million times. */
const CLOSER_LOOK = 20;
const PROGRESS_MS = 10_000;

type Way = 'indication' | 'channel';

/**
 * Keeps one allocation in use for `seconds`: past the lifetime of its nonce, its permission, its channel and its own, as a long
 * call does, renewing each as RFC 8656 says. Where data stops it finds out which of them ended. Beside it, over TCP and TLS, a
 * second allocation is left idle for longer and longer.
 */
export async function soak(task: FurtherTask, seconds: number): Promise<Stage> {
  const { clock } = task.environment;
  const startedAt = clock.now();
  if (!task.carriesData) {
    return endedStage('soak', 'skip', startedAt, clock.now(), 'no data crosses this relay', {});
  }
  const isStream = task.target.kind !== 'udp';
  const [busy, idle] = await Promise.all([
    new Soak(task, seconds).run(),
    isStream ? soakIdle(task, seconds) : undefined,
  ]);
  if (busy === undefined) {
    return endedStage('soak', 'unknown', startedAt, clock.now(), 'no allocation, or no peer, to begin with', {});
  }
  const result: SoakResult = { ...busy, ...(idle === undefined ? {} : { idle }) };
  const failed = result.end !== undefined || idle?.alive === false;
  const status = failed ? 'fail' : task.signal.aborted ? 'unknown' : 'pass';
  const cause = failed ? ({ cause: 'timeout' } as const) : {};
  return endedStage('soak', status, startedAt, clock.now(), tell(result), { ...cause, soak: result });
}

class Soak {
  readonly #task: FurtherTask;
  readonly #seconds: number;
  readonly #startedAt: number;
  readonly #renewals = { allocation: 0, permission: 0, channel: 0, nonce: 0 };
  readonly #silent: Record<Way, number> = { indication: 0, channel: 0 };
  #sent = 0;
  #received = 0;

  constructor(task: FurtherTask, seconds: number) {
    this.#task = task;
    this.#seconds = seconds;
    this.#startedAt = task.environment.clock.now();
  }

  async run(): Promise<Omit<SoakResult, 'idle'> | undefined> {
    const opened = await openPath(this.#task, 'soak', {}, (body) => this.#note(body));
    if (opened === undefined) return undefined;
    const { path, lifetimeSeconds } = opened;
    try {
      const hasChannel = (await path.session.bindChannel(MIN_CHANNEL, path.guess)).status === 'pass';
      const end = await this.#rounds(path, hasChannel ? ['indication', 'channel'] : ['indication']);
      return {
        seconds: Math.round(this.#elapsedMs / 1000),
        sent: this.#sent,
        received: this.#received,
        renewals: { ...this.#renewals },
        lifetimeSeconds,
        ...(end === undefined ? {} : { end }),
      };
    } finally {
      await opened.close();
    }
  }

  async #rounds(path: RelayDataPath, ways: readonly Way[]): Promise<SoakEnd | undefined> {
    const { signal, environment, target } = this.#task;
    const roundMs = Math.min(ROUND_MS, (1000 * this.#seconds) / 20);
    let toldAt = 0;
    for (let round = 0; !signal.aborted && this.#elapsedMs < 1000 * this.#seconds; round++) {
      for (const way of ways) {
        const received = await this.#echo(path, way, PACKETS);
        this.#silent[way] = received > 0 ? 0 : this.#silent[way] + 1;
      }
      const end = await this.#endOf(path, ways);
      if (end !== undefined || signal.aborted) return end;
      if (this.#elapsedMs - toldAt >= PROGRESS_MS) {
        toldAt = this.#elapsedMs;
        const minutes = `${(this.#elapsedMs / 60_000).toFixed(1)} of ${(this.#seconds / 60).toFixed(1)} min`;
        const text = `soak of ${target.url}: ${minutes}, ${this.#received} of ${this.#sent} packets back`;
        environment.record({ type: 'progress', text });
      }
      await pause((round + 1) * roundMs - this.#elapsedMs, signal);
    }
    return undefined;
  }

  /** What ended, once data is seen to have: each is asked for again, and what brings the data back is what was missing. */
  async #endOf(path: RelayDataPath, ways: readonly Way[]): Promise<SoakEnd | undefined> {
    const { session } = path;
    const afterSeconds = Math.round(this.#elapsedMs / 100) / 10;
    const { lost } = session;
    const [renewal] = session.failedRenewals;
    if (lost !== undefined) {
      const isGone = lost.cause === 'stun-error' || lost.cause === 'unsupported' || lost.errorCode !== undefined;
      const detail = renewal?.detail ?? `${lost.problem ?? lost.cause ?? ''}`;
      return { what: isGone || renewal !== undefined ? 'allocation' : 'connection', afterSeconds, detail };
    }
    const dead = ways.filter((way) => this.#silent[way] >= SUSPICIOUS);
    for (const way of dead) {
      if ((await this.#echo(path, way, CLOSER_LOOK)) > 0) this.#silent[way] = 0;
    }
    const silent = dead.filter((way) => this.#silent[way] > 0);
    if (silent.length === 0 || this.#task.signal.aborted) return undefined;
    if (silent.length < ways.length) {
      const [way] = silent;
      return { what: way === 'channel' ? 'channel' : 'path', afterSeconds, detail: `no data by ${way} any more` };
    }
    const permitted = await session.permit([path.guess]);
    if (permitted.status === 'pass' && (await this.#echo(path, 'indication', CLOSER_LOOK)) > 0) {
      return { what: 'permission', afterSeconds, detail: 'data crosses again with a new permission' };
    }
    const refreshed = await session.refresh();
    if (refreshed.status === 'fail')
      return { what: 'allocation', afterSeconds, detail: `Refresh: ${refreshed.detail}` };
    return { what: 'path', afterSeconds, detail: 'allocation and permission stand, and no data crosses' };
  }

  async #echo(path: RelayDataPath, way: Way, packets: number): Promise<number> {
    const options = { ...this.#task.data, packets, size: SIZE, spacingMs: 2, purpose: 'soak' as const };
    const channel = way === 'channel' ? { channel: MIN_CHANNEL } : {};
    const { bursts, cutOff } = await thereAndBack(path, path.guess, { ...options, ...channel }, this.#task.environment);
    if (cutOff) return 0;
    const received = bursts[1]?.received ?? 0;
    this.#sent += packets;
    this.#received += received;
    return received;
  }

  #note(body: EventBody): void {
    if (body.type === 'allocation' && body.change === 'refreshed') this.#renewals.allocation++;
    else if (body.type === 'permission' && body.change === 'refreshed') this.#renewals.permission++;
    else if (body.type === 'channel' && body.change === 'refreshed') this.#renewals.channel++;
    // Each stale nonce (RFC 8489 9.2.5) comes with the next one.
    else if (body.type === 'transaction' && body.errorCode === 438) this.#renewals.nonce++;
  }

  get #elapsedMs(): number {
    return this.#task.environment.clock.now() - this.#startedAt;
  }
}

function tell({ seconds, sent, received, renewals, end, idle }: SoakResult): string {
  const { allocation, permission, channel, nonce } = renewals;
  const renewed = `renewals: allocation ${allocation}, permission ${permission}, channel ${channel}, nonce ${nonce}`;
  return [
    `${seconds} s, ${received} of ${sent} packets back`,
    renewed,
    ...(end === undefined ? [] : [`the ${end.what} ended after ${end.afterSeconds} s (${end.detail})`]),
    ...(idle === undefined
      ? []
      : [`${idle.alive ? 'outlives' : 'does not outlive'} ${idle.seconds} s without traffic`]),
  ].join('; ');
}
