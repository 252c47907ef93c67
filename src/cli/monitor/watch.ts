import { VERSION } from '../../core/version.ts';
import type { Change } from '../../monitor/health.ts';
import { Monitor, type MonitorClock } from '../../monitor/monitor.ts';
import { OwnFigures } from '../../monitor/own.ts';
import { Webhook } from '../../monitor/webhook.ts';
import { PLAIN } from '../../report/style.ts';
import type { Context } from '../context.ts';
import { ProgressLine } from '../output/progress.ts';
import { styleFor } from '../output/style.ts';
import { appendTo, ChangeLog, changeLine, timeOf, toStdout } from './log.ts';
import type { poster } from './post.ts';
import { monitored } from './run-target.ts';
import type { MonitorValues, WatchList } from './targets.ts';

const DEFAULT_CONCURRENCY = 20;
/** What the last changes may take to get to the webhook once we end. */
const FAREWELL_MS = 1000;

export interface WebhookTarget {
  readonly name: string;
  readonly post: ReturnType<typeof poster>;
}

/** The monitor with its log, its webhook and a line on the terminal. */
export class Watch {
  readonly own = new OwnFigures(VERSION, new Date());
  readonly monitor: Monitor;
  readonly #values: MonitorValues;
  readonly #context: Context;
  readonly #log: ChangeLog;
  readonly #webhook: Webhook | undefined;
  readonly #progress: ProgressLine;
  #isFirstRoundTold = false;
  /** A terminal that is gone: nobody sees what is said here any more. */
  onTerminalGone: () => void = () => {};

  /** Throws `UsageError` where the log cannot be opened. */
  constructor(values: MonitorValues, webhook: WebhookTarget | undefined, context: Context) {
    this.#values = values;
    this.#context = context;
    this.#progress = new ProgressLine(context.stderr);
    const sink = values.output === undefined ? toStdout(context.stdout) : appendTo(values.output);
    this.#log = new ChangeLog({ sink, own: this.own, onRemark: this.remark });
    this.#webhook =
      webhook === undefined
        ? undefined
        : new Webhook({ ...webhook, clock: systemClock, own: this.own, onRemark: this.remark });
    this.monitor = new Monitor({
      clock: systemClock,
      random: Math.random,
      concurrency: values.concurrency ?? DEFAULT_CONCURRENCY,
      confirm: values.confirm ?? 1,
      onChange: (change) => this.#tell(change),
      onRemark: this.remark,
      onRun: () => this.#show(),
    });
  }

  /** Bound. Something about the monitor itself, for whoever runs it. */
  readonly remark = (text: string): void => {
    this.#progress.hide();
    this.#context.stderr.write(`${timeOf(new Date().toISOString())} ${text}\n`).catch((error: unknown) => {
      // Nothing hangs on a remark; but that nobody is there any more (EIO) is worth knowing.
      if (this.#context.stderr.isTTY && codeOf(error) === 'EIO') this.onTerminalGone();
    });
  };

  setTargets({ targets, concurrency }: WatchList): void {
    this.monitor.setConcurrency(this.#values.concurrency ?? concurrency ?? DEFAULT_CONCURRENCY);
    this.monitor.setTargets(targets.map(monitored));
  }

  reopenLog(): void {
    this.#log.reopen();
  }

  /** Ends what runs, and tells what is still to be told. */
  async close(): Promise<void> {
    this.#progress.end();
    await Promise.all([this.monitor.close(), this.#webhook?.close(FAREWELL_MS)]);
    const left = await this.#log.close();
    if (left === '') return;
    // The only other place there is: nothing is lost that somebody reads here.
    await this.#context.stderr.write(`what could not be written to the log:\n${left}`).catch(() => {});
  }

  #tell(change: Change): void {
    const { format = 'pretty', output } = this.#values;
    this.#progress.hide();
    this.#log.write(changeLine(change, format, output === undefined ? styleFor(this.#context.stdout) : PLAIN));
    this.#webhook?.tell(change);
  }

  #show(): void {
    const { targets } = this.monitor;
    const down = targets.filter(({ health }) => health.state === 'down').length;
    const up = targets.filter(({ health }) => health.state === 'up').length;
    const words = `${up} up, ${down} down`;
    this.#progress.show(`watching ${targets.length === 1 ? '1 target' : `${targets.length} targets`}: ${words}`);
    if (this.#isFirstRoundTold || targets.length === 0 || up + down < targets.length) return;
    this.#isFirstRoundTold = true;
    this.remark(`every target has been asked once: ${words}`);
  }
}

const systemClock: MonitorClock = {
  monotonic: () => performance.now(),
  wall: () => new Date(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
