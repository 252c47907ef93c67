import { Tally } from './series.ts';

/** What the monitor knows of itself beyond its targets. */
export class OwnFigures {
  readonly startedAt: Date;
  readonly version: string;
  /** Of readings of the configuration. */
  readonly reloads = new Tally(['ok', 'refused']);
  lastReload: { readonly at: Date; readonly ok: boolean } | undefined;
  /** Changes by what became of them at the webhook: `delivered`, `dropped`. */
  readonly webhook = new Tally(['delivered', 'dropped']);
  readonly webhookRequests = new Tally(['ok', 'failed']);
  webhookQueued: (() => number) | undefined;
  /** Lines of the log that could not be written yet. */
  logHeld: (() => number) | undefined;
  logLost = 0;

  constructor(version: string, startedAt: Date) {
    this.version = version;
    this.startedAt = startedAt;
  }

  noteReload(ok: boolean, at: Date): void {
    this.reloads.add(ok ? 'ok' : 'refused');
    this.lastReload = { at, ok };
  }
}
