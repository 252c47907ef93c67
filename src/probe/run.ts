import { VERSION } from '../core/version.ts';
import { type Clock, startClock } from '../net/clock.ts';
import type { InterfaceAddress } from '../net/interfaces.ts';
import { proxyOf, systemResolvers } from '../net/system.ts';
import { EventLog } from '../record/event-log.ts';
import type { RunEvent } from '../record/events.ts';
import { type EventSink, Recorder } from '../record/recorder.ts';
import type { ReportedConfiguration } from '../record/report.ts';

/** The events of a run, as often as somebody wants to go through them, from the first one on, while they come. */
export interface EventStream extends AsyncIterable<RunEvent> {}

/** What every question asked of a network has: a clock, a recorder, a bounded log, and those who listen. */
export class Run implements EventStream {
  readonly clock: Clock = startClock();
  readonly log = new EventLog();
  readonly #recorder = new Recorder(this.clock.now);
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  constructor() {
    this.#recorder.subscribe((event) => {
      this.log.add(event);
      this.#wake();
    });
  }

  /** Bound. After the end it records nothing more: what comes late belongs to no report. */
  readonly record: EventSink = (body) => {
    if (!this.#isOver) this.#recorder.record(body);
  };

  start(command: string, configuration: ReportedConfiguration, deadlineMs: number): void {
    this.record({
      type: 'run-started',
      command,
      tool: { name: 'iceprobe', version: VERSION, node: process.version, platform: process.platform },
      startedAt: this.clock.startedAt.toISOString(),
      configuration,
      deadlineMs,
    });
  }

  /** Tells of the machine it runs on. */
  describeNetwork(interfaces: readonly InterfaceAddress[], resolvers: readonly string[] = systemResolvers()): void {
    for (const { name, family, address, kind, temporary } of interfaces) {
      const flags = temporary === undefined ? {} : { temporary };
      this.record({ type: 'interface', name, family, address, kind, ...flags });
    }
    this.record({ type: 'resolvers', resolvers, proxy: proxyOf(process.env) });
  }

  /** Tells each event, from the first one on, until the end. */
  async tell(listener: (event: RunEvent) => void): Promise<void> {
    for await (const event of this) listener(event);
  }

  /** Nothing more will come: ends every iteration. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RunEvent, void, undefined> {
    // By number, not by place: the log folds its oldest events when it is full.
    for (let last = 0; ; ) {
      const event = nextAfter(this.log.events, last);
      if (event !== undefined) {
        last = event.seq;
        yield event;
      } else if (this.#isOver) {
        return;
      } else {
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/** The first event with a higher number. They stand in order. */
function nextAfter(events: readonly RunEvent[], seq: number): RunEvent | undefined {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.seq ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return events[low];
}
