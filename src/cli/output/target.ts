import type { RunEvent } from '../../record/events.ts';
import { Redactor, redactReport, redactTargets } from '../../record/redact.ts';
import type { Report } from '../../record/report.ts';
import { isTargetsReport, type TargetsReport } from '../../record/targets.ts';
import { liveLines } from '../../report/live.ts';
import { ndjsonLine } from '../../report/ndjson.ts';
import { prettySummary } from '../../report/pretty.ts';
import { PLAIN, type Style } from '../../report/style.ts';
import { type Format, render, rendererOf } from './formats.ts';
import type { Sink } from './sink.ts';

export interface TargetOptions {
  readonly format: Format;
  readonly sink: Sink;
  readonly style: Style;
  /** Show candidates as they come, to somebody who watches. */
  readonly isLive: boolean;
  readonly isMasked: boolean;
}

type Stream = (event: RunEvent, of?: string) => string;

/** One place that a run is written to, in one format. */
export class Target {
  readonly format: Format;
  readonly sink: Sink;
  readonly #style: Style;
  readonly #isLive: boolean;
  readonly isMasked: boolean;
  readonly #stream: Stream | undefined;

  constructor({ format, sink, style, isLive, isMasked }: TargetOptions) {
    this.format = format;
    this.sink = sink;
    this.#style = style;
    this.#isLive = isLive;
    this.isMasked = isMasked;
    this.#stream = this.#openStream();
  }

  /** What an event adds at once; nothing where only the report counts. `of` names the target that it is of. */
  onEvent(event: RunEvent, of?: string): string {
    return this.#stream?.(event, of) ?? '';
  }

  /** What the report adds at the end. */
  onReport(report: Report | TargetsReport): string {
    if (this.format === 'ndjson') return '';
    const shown = this.isMasked ? masked(report) : report;
    if (!this.#isLive || isTargetsReport(shown)) return render(this.format, shown, this.#style);
    const gap = shown.gatherings === undefined ? '' : '\n';
    return gap + prettySummary(shown, this.#style);
  }

  /** The whole result in a form that can be kept, where it could not be written as it was meant to be. */
  rescued(report: Report | TargetsReport): { readonly text: string; readonly extension: string } {
    const format = this.format === 'ndjson' ? 'json' : this.format;
    return {
      text: render(format, this.isMasked ? masked(report) : report, PLAIN),
      extension: rendererOf(format).extension,
    };
  }

  #openStream(): Stream | undefined {
    const stream = this.format === 'ndjson' ? ndjsonLine : this.#isLive ? this.#renderLive() : undefined;
    if (stream === undefined || !this.isMasked) return stream;
    const redactor = new Redactor();
    return (event, of) => stream(redactor.event(event), of);
  }

  #renderLive(): Stream {
    const lines = liveLines(this.#style);
    return (event) =>
      lines(event)
        .map((line) => `${line}\n`)
        .join('');
  }
}

/** The same report, or those of several targets, to be shared. */
export function masked(report: Report | TargetsReport): Report | TargetsReport {
  return isTargetsReport(report) ? redactTargets(report) : redactReport(report);
}
