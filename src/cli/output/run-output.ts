import type { RunEvent } from '../../record/events.ts';
import type { Report } from '../../record/report.ts';
import { liveLines } from '../../report/live.ts';
import { ndjsonLine } from '../../report/ndjson.ts';
import { prettySummary } from '../../report/pretty.ts';
import { PLAIN, type Style } from '../../report/style.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { describeSystemError } from '../files.ts';
import type { ValuesOf } from '../options/option.ts';
import type { outputOptions } from '../options/output.ts';
import { type Format, RENDERERS } from './formats.ts';
import { ProgressLine } from './progress.ts';
import { fileSink, rescue, type Sink, samePath, stdoutSink } from './sink.ts';
import { styleFor } from './style.ts';

type OutputValues = ValuesOf<typeof outputOptions>;

/** A report could not be written where it was meant to go. */
const WRITE_FAILED = 2;

/**
 * Where a run's events and its report go: stdout or files, in one format or several, with progress on stderr while it
 * lasts. Files that cannot be written are found out at once. Throws `UsageError`.
 */
export function openOutput(values: OutputValues, context: Context): RunOutput {
  refuseContradictions(values);
  const format = values.format ?? 'pretty';
  const isLive = format === 'pretty' && values.output === undefined && context.stdout.isTTY;
  const main: Target = {
    format,
    sink: values.output === undefined ? stdoutSink(context.stdout) : fileSink(values.output),
    style: values.output === undefined ? styleFor(context.stdout) : PLAIN,
    isLive,
  };
  const others = (values.report ?? []).map((target) => ({
    format: target.format,
    sink: fileSink(target.file),
    style: PLAIN,
    isLive: false,
  }));
  return new RunOutput([main, ...others], context);
}

interface Target {
  readonly format: Format;
  readonly sink: Sink;
  readonly style: Style;
  /** Candidates as they come, for somebody who watches. */
  readonly isLive: boolean;
}

export class RunOutput {
  readonly #targets: readonly Target[];
  readonly #context: Context;
  readonly #progress: ProgressLine;
  readonly #streams: readonly ((event: RunEvent) => string)[];
  /** Writes go out in order, and the first failure of each target ends it. */
  readonly #pending: Promise<void>[];
  readonly #failures = new Map<Target, unknown>();

  constructor(targets: readonly Target[], context: Context) {
    this.#targets = targets;
    this.#context = context;
    this.#progress = new ProgressLine(context.stderr);
    this.#streams = targets.map(streamOf);
    this.#pending = targets.map(() => Promise.resolve());
  }

  /** Bound, to be handed to whoever has the events. */
  readonly onEvent = (event: RunEvent): void => {
    if (event.type === 'progress') this.#progress.show(event.text);
    this.#streams.forEach((stream, index) => {
      const text = stream(event);
      if (text !== '') this.#write(index, text);
    });
  };

  /** Renders the report everywhere. Resolves to the exit code: the report's own, unless it could not be written. */
  async finish(report: Report): Promise<number> {
    this.#progress.end();
    this.#targets.forEach((target, index) => {
      if (target.format !== 'ndjson') this.#write(index, render(target, report));
    });
    await Promise.all(this.#pending);
    for (const target of this.#targets) target.sink.close();
    for (const [target, error] of this.#failures) await this.#reportFailure(target, error, report);
    return this.#failures.size > 0 ? WRITE_FAILED : report.exitCode;
  }

  /** Ends without a report: whoever calls it has said why. */
  abandon(): void {
    this.#progress.end();
    for (const target of this.#targets) target.sink.close();
  }

  #write(index: number, text: string): void {
    const target = this.#targets[index];
    if (target === undefined) return;
    const before = this.#pending[index];
    this.#pending[index] = Promise.resolve(before).then(async () => {
      if (this.#failures.has(target)) return;
      this.#progress.hide();
      await target.sink.write(text).catch((error: unknown) => this.#failures.set(target, error));
    });
  }

  async #reportFailure({ format, sink }: Target, error: unknown, report: Report): Promise<void> {
    const isStream = format === 'ndjson';
    const text = isStream ? RENDERERS.json(report) : RENDERERS[format](report, PLAIN);
    const kept = rescue(text, isStream ? 'json' : EXTENSIONS[format]);
    const where =
      kept === undefined ? 'It is lost: no file could be written elsewhere either.' : `It is kept in ${kept}`;
    await this.#context.stderr.write(
      `iceprobe: cannot write the report to ${sink.name}: ${describeSystemError(error)}\n  ${where}\n`,
    );
  }
}

const EXTENSIONS: Readonly<Record<keyof typeof RENDERERS, string>> = { pretty: 'txt', json: 'json' };

function streamOf(target: Target): (event: RunEvent) => string {
  if (target.format === 'ndjson') return ndjsonLine;
  if (!target.isLive) return () => '';
  const lines = liveLines(target.style);
  return (event) =>
    lines(event)
      .map((line) => `${line}\n`)
      .join('');
}

function render({ format, style, isLive }: Target, report: Report): string {
  if (isLive)
    return report.gatherings === undefined ? prettySummary(report, style) : `\n${prettySummary(report, style)}`;
  return format === 'ndjson' ? '' : RENDERERS[format](report, style);
}

function refuseContradictions(values: OutputValues): void {
  const formats = [values.format ?? 'pretty', ...(values.report ?? []).map((target) => target.format)];
  if (values.events === true && !formats.includes('json')) {
    throw new UsageError(
      '--events adds the events to the JSON report, and none is asked for',
      'add -f json or --report json=FILE; -f ndjson streams them',
    );
  }
  const files = [
    ...(values.output === undefined ? [] : [values.output]),
    ...(values.report ?? []).map(({ file }) => file),
  ];
  const twice = files.find((file, index) => files.slice(0, index).some((other) => samePath(file, other)));
  if (twice !== undefined) throw new UsageError(`two reports would go to ${twice}`, 'give each a file of its own');
}
