import type { RunEvent } from '../../record/events.ts';
import { Redactor, redactReport } from '../../record/redact.ts';
import type { Report } from '../../record/report.ts';
import { liveLines } from '../../report/live.ts';
import { ndjsonLine } from '../../report/ndjson.ts';
import { prettySummary } from '../../report/pretty.ts';
import { PLAIN, type Style } from '../../report/style.ts';
import { type Format, rendererOf } from './formats.ts';
import type { Sink } from './sink.ts';

export interface TargetOptions {
  readonly format: Format;
  readonly sink: Sink;
  readonly style: Style;
  /** Show candidates as they come, to somebody who watches. */
  readonly isLive: boolean;
  readonly isMasked: boolean;
}

/** One place that a run is written to, in one format. */
export class Target {
  readonly format: Format;
  readonly sink: Sink;
  readonly #style: Style;
  readonly #isLive: boolean;
  readonly isMasked: boolean;
  readonly #stream: ((event: RunEvent) => string) | undefined;

  constructor({ format, sink, style, isLive, isMasked }: TargetOptions) {
    this.format = format;
    this.sink = sink;
    this.#style = style;
    this.#isLive = isLive;
    this.isMasked = isMasked;
    this.#stream = this.#openStream();
  }

  /** What an event adds at once; nothing where only the report counts. */
  onEvent(event: RunEvent): string {
    return this.#stream?.(event) ?? '';
  }

  /** What the report adds at the end. */
  onReport(report: Report): string {
    if (this.format === 'ndjson') return '';
    const shown = this.isMasked ? redactReport(report) : report;
    if (!this.#isLive) return rendererOf(this.format).render(shown, this.#style);
    const gap = report.gatherings === undefined ? '' : '\n';
    return gap + prettySummary(shown, this.#style);
  }

  /** The whole result in a form that can be kept, where it could not be written as it was meant to be. */
  rescued(report: Report): { readonly text: string; readonly extension: string } {
    const { render, extension } = rendererOf(this.format === 'ndjson' ? 'json' : this.format);
    return { text: render(this.isMasked ? redactReport(report) : report, PLAIN), extension };
  }

  #openStream(): ((event: RunEvent) => string) | undefined {
    const render = this.format === 'ndjson' ? ndjsonLine : this.#isLive ? this.#renderLive() : undefined;
    if (render === undefined || !this.isMasked) return render;
    const redactor = new Redactor();
    return (event) => render(redactor.event(event));
  }

  #renderLive(): (event: RunEvent) => string {
    const lines = liveLines(this.#style);
    return (event) =>
      lines(event)
        .map((line) => `${line}\n`)
        .join('');
  }
}
