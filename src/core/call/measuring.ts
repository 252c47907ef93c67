import { type Control, readControl } from './control.ts';
import type { DataMeasurement, DataSample } from './events.ts';
import type { CallClock, DataChannel } from './peer-connection.ts';
import { Sampler } from './sampler.ts';

/** Unordered, without retransmission: what is lost stays lost, and nothing waits for it. */
export const PROBE_CHANNEL = 'iceprobe-probe';
/** Ordered and reliable: questions, answers and bulk. */
export const CONTROL_CHANNEL = 'iceprobe-control';

const PING_EVERY_MS = 20;
/** Messages of 16 KiB pass every stack in one piece. */
const BULK = 'b'.repeat(16 * 1024);
const MOST_BUFFERED = 256 * 1024;
const BULK_EVERY_MS = 2;
/** How long an answer of the other end is waited for before the measuring goes on without it. */
const PATIENCE_MS = 6000;
/** How long what is still under way is waited for. */
const LATEST_MS = 1000;
const LONGEST_BULK_MS = 60_000;
/** Of the other end, which may be anybody's. */
const MOST_SAMPLES = 400;

/**
 * Measures from the offering end: round trips, then a burst each way. Resolves with what came of it when it is through or
 * `stop` was called.
 */
export class Measuring {
  readonly #clock: CallClock;
  readonly #probe: DataChannel;
  readonly #control: DataChannel;
  readonly #durationMs: number;
  readonly #roundTripsMs: number[] = [];
  readonly #sentAt = new Map<number, number>();
  readonly #startedAt: number;
  readonly #sampler: Sampler;
  #sent = 0;
  #bulkSent = 0;
  #arrived: number | null = null;
  #toAnswerer: number | null = null;
  #toOfferer: number | null = null;
  #bulk = new BulkCount();
  #stopped = false;
  #waiting: ((control: Control | undefined) => void) | undefined;

  constructor(
    clock: CallClock,
    probe: DataChannel,
    control: DataChannel,
    durationMs: number,
    onSample: (sample: DataSample) => void = () => {},
  ) {
    this.#clock = clock;
    this.#probe = probe;
    this.#control = control;
    this.#durationMs = durationMs;
    this.#startedAt = clock.now();
    this.#sampler = new Sampler(clock, durationMs, (sample) => {
      onSample(sample);
      send(control, { sample });
    });
    probe.onmessage = ({ data }) => this.#onReturn(data);
    control.onmessage = ({ data }) => this.#onControl(data);
  }

  /** Half of the time for round trips, a quarter for each direction's throughput. */
  async run(): Promise<DataMeasurement> {
    this.#sampler.begin('rttMs', () => 0);
    await this.#ping(this.#durationMs / 2);
    this.#sampler.stop();
    const counts = await this.#ask({ ask: 'counts' });
    if (counts !== undefined && 'counts' in counts) this.#arrived = Math.min(counts.counts, this.#sent);
    const bulkMs = this.#durationMs / 4;
    send(this.#control, { ask: 'bulk-begins' });
    this.#sampler.begin('toAnswerer', () => this.#bulkSent - this.#control.bufferedAmount);
    await sendBulk(this.#control, bulkMs, this.#clock, {
      isOver: () => this.#stopped,
      onSent: (bytes) => {
        this.#bulkSent += bytes;
      },
    });
    this.#sampler.stop();
    const taken = await this.#ask({ ask: 'bulk-ended' });
    if (taken !== undefined && 'bulk' in taken) this.#toAnswerer = rate(taken.bulk.bytes, taken.bulk.ms);
    this.#bulk = new BulkCount();
    this.#sampler.begin('toOfferer', () => this.#bulk.bytes);
    const done = await this.#ask({ ask: 'bulk', ms: bulkMs }, bulkMs);
    this.#sampler.stop();
    if (done !== undefined) this.#toOfferer = this.#bulk.rate();
    const result = this.result();
    send(this.#control, { result });
    // The channel keeps the order: an answer to what follows says that the result has arrived, before the goodbye can.
    await this.#ask({ ask: 'counts' });
    return result;
  }

  /** So far. */
  result(): DataMeasurement {
    const returned = this.#roundTripsMs.length;
    return {
      sent: this.#sent,
      arrived: this.#arrived,
      returned,
      rttMs: quantiles(this.#roundTripsMs),
      lossPercent: this.#sent === 0 ? null : Math.round((1000 * (this.#sent - returned)) / this.#sent) / 10,
      throughput: { toAnswerer: this.#toAnswerer, toOfferer: this.#toOfferer },
      durationMs: this.#clock.now() - this.#startedAt,
    };
  }

  stop(): void {
    this.#stopped = true;
    this.#sampler.stop();
    this.#waiting?.(undefined);
  }

  async #ping(forMs: number): Promise<void> {
    const until = this.#clock.now() + forMs;
    while (!this.#stopped && this.#clock.now() < until) {
      this.#sentAt.set(this.#sent, this.#clock.now());
      if (trySend(this.#probe, `p${this.#sent}`)) this.#sent++;
      await this.#pause(PING_EVERY_MS);
    }
    const patienceUntil = this.#clock.now() + LATEST_MS;
    while (!this.#stopped && this.#roundTripsMs.length < this.#sent && this.#clock.now() < patienceUntil) {
      await this.#pause(10);
    }
  }

  #onReturn(data: unknown): void {
    const number = typeof data === 'string' ? /^e(\d{1,9})$/.exec(data)?.[1] : undefined;
    const at = number === undefined ? undefined : this.#sentAt.get(Number(number));
    if (at === undefined) return;
    this.#sentAt.delete(Number(number));
    const roundTripMs = this.#clock.now() - at;
    this.#roundTripsMs.push(roundTripMs);
    this.#sampler.onRoundTrip(roundTripMs);
  }

  #onControl(data: unknown): void {
    if (this.#bulk.take(data, this.#clock.now())) return;
    const control = readControl(data);
    if (control !== undefined && !('ask' in control)) this.#waiting?.(control);
  }

  /** undefined where no answer came in time. */
  async #ask(question: Control, moreMs = 0): Promise<Control | undefined> {
    if (this.#stopped) return undefined;
    return await new Promise((resolve) => {
      const cancel = this.#clock.after(moreMs + PATIENCE_MS, () => settle(undefined));
      const settle = (control: Control | undefined): void => {
        this.#waiting = undefined;
        cancel();
        resolve(control);
      };
      this.#waiting = settle;
      send(this.#control, question);
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }
}

/** The answering end: sends back what comes on the probe channel, and does what it is asked on the other. */
export class Echo {
  readonly #clock: CallClock;
  #pings = 0;
  #bulk = new BulkCount();
  #sending = false;
  #stopped = false;
  #samples = 0;
  readonly #onSample: (sample: DataSample) => void;
  /** What the other end says that it measured. */
  result: DataMeasurement | undefined;

  constructor(clock: CallClock, onSample: (sample: DataSample) => void = () => {}) {
    this.#clock = clock;
    this.#onSample = onSample;
  }

  take(channel: DataChannel): void {
    if (channel.label === PROBE_CHANNEL) channel.onmessage = ({ data }) => this.#echo(channel, data);
    if (channel.label === CONTROL_CHANNEL) channel.onmessage = ({ data }) => this.#answer(channel, data);
  }

  stop(): void {
    this.#stopped = true;
  }

  #echo(channel: DataChannel, data: unknown): void {
    if (typeof data !== 'string' || !/^p\d{1,9}$/.test(data)) return;
    this.#pings++;
    trySend(channel, `e${data.slice(1)}`);
  }

  #answer(channel: DataChannel, data: unknown): void {
    if (this.#bulk.take(data, this.#clock.now())) return;
    const control = readControl(data);
    if (control !== undefined && 'result' in control) this.result ??= control.result;
    if (control !== undefined && 'sample' in control && ++this.#samples <= MOST_SAMPLES) this.#onSample(control.sample);
    if (control === undefined || !('ask' in control)) return;
    switch (control.ask) {
      case 'counts':
        send(channel, { counts: this.#pings });
        break;
      case 'bulk-begins':
        this.#bulk = new BulkCount();
        break;
      case 'bulk-ended':
        send(channel, { bulk: { bytes: this.#bulk.bytes, ms: this.#bulk.ms } });
        break;
      case 'bulk':
        void this.#sendBulk(channel, control.ms);
        break;
    }
  }

  async #sendBulk(channel: DataChannel, ms: number): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    await sendBulk(channel, Math.min(ms, LONGEST_BULK_MS), this.#clock, { isOver: () => this.#stopped });
    this.#sending = false;
    send(channel, { bulkDone: true });
  }
}

/** Counts bulk from its first message to its last: the first one starts the clock and does not count. */
class BulkCount {
  #first: number | undefined;
  #last = 0;
  bytes = 0;

  get ms(): number {
    return this.#first === undefined ? 0 : this.#last - this.#first;
  }

  rate(): number | null {
    return rate(this.bytes, this.ms);
  }

  /** False for what is no bulk. */
  take(data: unknown, now: number): boolean {
    if (typeof data !== 'string' || !data.startsWith('b')) return false;
    if (this.#first === undefined) this.#first = now;
    else this.bytes += data.length;
    this.#last = now;
    return true;
  }
}

/** Keeps the channel's buffer filled, and no fuller: what waits there is what a question behind it waits for. */
async function sendBulk(
  channel: DataChannel,
  ms: number,
  clock: CallClock,
  { isOver, onSent }: { isOver(): boolean; onSent?(bytes: number): void },
): Promise<void> {
  const until = clock.now() + ms;
  while (!isOver() && clock.now() < until) {
    while (channel.bufferedAmount < MOST_BUFFERED && clock.now() < until) {
      if (!trySend(channel, BULK)) return;
      onSent?.(BULK.length);
    }
    await new Promise<void>((resolve) => clock.after(BULK_EVERY_MS, resolve));
  }
}

function send(channel: DataChannel, control: Control): void {
  trySend(channel, JSON.stringify(control));
}

/** A channel that is closing throws. */
function trySend(channel: DataChannel, text: string): boolean {
  try {
    channel.send(text);
    return true;
  } catch {
    return false;
  }
}

/** Bits a second; null for less than can be told from chance. */
function rate(bytes: number, ms: number): number | null {
  return bytes === 0 || ms < 1 ? null : Math.round((bytes * 8000) / ms);
}

function quantiles(values: readonly number[]): DataMeasurement['rttMs'] {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
  return { min: at(0), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
