import { TrustStore } from '../net/trust.ts';
import type { EventLog } from '../record/event-log.ts';
import type { EventSink } from '../record/recorder.ts';
import type { Report } from '../record/report.ts';
import { type GatherOptions, requireUsable, serversOf } from './gather-options.ts';
import { Gathering } from './gathering.ts';
import type { EventStream } from './run.ts';

/** Events as they happen, and at the end the report. */
export interface GatherRun extends EventStream {
  /** Comes by the deadline, aborted or not; rejects only where iceprobe itself is at fault. */
  readonly report: Promise<Report>;
}

/** Makes the report of a run that is over: rules are not for those who ask the network. */
export type Conclude = (log: EventLog, record: EventSink) => Report;

/**
 * Gathers ICE candidates as a browser does, and records all that happens on the way. Throws `ConfigurationError` for
 * options that no run can have; everything else is in the report.
 */
export function startGather(options: GatherOptions, conclude: Conclude): GatherRun {
  requireUsable(options);
  const servers = serversOf(options.iceServers);
  const trust = new TrustStore(options.ca);
  // Reading a few hundred certificates takes its time: before the clock starts, not within the first handshake.
  if (servers.some(({ uri }) => uri.transport === 'tls')) trust.warmUp();
  const gathering = new Gathering(options, servers, trust);
  const report = gathering.run().then(() => {
    const concluded = conclude(gathering.events.log, gathering.events.record);
    gathering.events.end();
    return concluded;
  });
  // Whoever only iterates must not be ended by a rejection that nobody listens to; the iteration ends all the same.
  report.catch(() => gathering.events.end());
  return { report, [Symbol.asyncIterator]: () => gathering.events[Symbol.asyncIterator]() };
}
