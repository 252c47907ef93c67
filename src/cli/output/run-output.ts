import type { RunEvent } from '../../record/events.ts';
import type { Report } from '../../record/report.ts';
import type { TargetsReport } from '../../record/targets.ts';
import { nagiosExitCode } from '../../report/nagios.ts';
import { PLAIN } from '../../report/style.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { describeSystemError } from '../files.ts';
import type { ValuesOf } from '../options/option.ts';
import type { outputOptions, packetOptions } from '../options/output.ts';
import { type Format, rendererOf } from './formats.ts';
import { writeJobSummary } from './job-summary.ts';
import { ProgressLine } from './progress.ts';
import { fileSink, rescue, samePath, stdoutSink } from './sink.ts';
import { styleFor } from './style.ts';
import { Target } from './target.ts';

type OutputValues = ValuesOf<typeof outputOptions> & ValuesOf<typeof packetOptions>;

/** A report could not be written where it was meant to go. */
const WRITE_FAILED = 2;

/**
 * Where a run's events and its report go: stdout or files, in one format or several, with progress on stderr while it
 * lasts. Files that cannot be written are found out at once. Throws `UsageError`.
 */
export function openOutput(values: OutputValues, context: Context, { live = true } = {}): RunOutput {
  refuseContradictions(values);
  const isMasked = (format: Format): boolean =>
    values.redact === true || (format !== 'ndjson' && rendererOf(format).isShared && values['show-addresses'] !== true);
  const { format = 'pretty', output } = values;
  const { stdout } = context;
  const main = new Target({
    format,
    sink: output === undefined ? stdoutSink(stdout) : fileSink(output),
    style: output === undefined ? styleFor(stdout) : PLAIN,
    isLive: live && format === 'pretty' && output === undefined && stdout.isTTY,
    isMasked: isMasked(format),
  });
  const others = (values.report ?? []).map(
    (report) =>
      new Target({
        format: report.format,
        sink: fileSink(report.file),
        style: PLAIN,
        isLive: false,
        isMasked: isMasked(report.format),
      }),
  );
  return new RunOutput([main, ...others], context);
}

export class RunOutput {
  readonly #targets: readonly Target[];
  readonly #context: Context;
  readonly #progress: ProgressLine;
  /** Writes go out in order, and the first failure of each target ends it. */
  readonly #pending = new Map<Target, Promise<void>>();
  readonly #failures = new Map<Target, unknown>();

  constructor(targets: readonly Target[], context: Context) {
    this.#targets = targets;
    this.#context = context;
    this.#progress = new ProgressLine(context.stderr);
  }

  /** Bound, to be handed to whoever has the events. `of` names the target that it is of, where there are several. */
  readonly onEvent = (event: RunEvent, of?: string): void => {
    if (event.type === 'progress') this.#progress.show(of === undefined ? event.text : `${of}: ${event.text}`);
    for (const target of this.#targets) this.#write(target, target.onEvent(event, of));
  };

  /** Something to be known before the result: with it for a person, on stderr beside what a program reads. */
  async remark(text: string): Promise<void> {
    const [main] = this.#targets;
    if (main?.format === 'pretty') this.#write(main, `${text}\n`);
    else await this.#context.stderr.write(text);
  }

  /**
   * Renders the report everywhere, `closing` after it for a person. Resolves to the exit code: the report's own, unless it
   * could not be written.
   */
  async finish(report: Report | TargetsReport, closing = ''): Promise<number> {
    this.#progress.end();
    this.#targets.forEach((target, index) => {
      const isForPerson = index === 0 && target.format === 'pretty';
      this.#write(target, target.onReport(report) + (isForPerson ? closing : ''));
    });
    await Promise.all(this.#pending.values());
    for (const target of this.#targets) target.sink.close();
    for (const [target, error] of this.#failures) await this.#reportFailure(target, error, report);
    const github = this.#targets.find(({ format }) => format === 'github');
    if (github !== undefined) await writeJobSummary(report, github.isMasked, this.#context);
    const exitCode = this.#failures.size > 0 ? WRITE_FAILED : report.exitCode;
    return this.#targets[0]?.format === 'nagios' ? nagiosExitCode({ ...report, exitCode }) : exitCode;
  }

  #write(target: Target, text: string): void {
    if (text === '') return;
    const before = this.#pending.get(target) ?? Promise.resolve();
    const after = before.then(async () => {
      if (this.#failures.has(target)) return;
      this.#progress.hide();
      await target.sink.write(text).catch((error: unknown) => this.#failures.set(target, error));
    });
    this.#pending.set(target, after);
  }

  async #reportFailure(target: Target, error: unknown, report: Report | TargetsReport): Promise<void> {
    const { text, extension } = target.rescued(report);
    const kept = rescue(text, extension);
    const where = kept === undefined ? 'It is lost: no other file could be written either.' : `It is kept in ${kept}`;
    await this.#context.stderr.write(
      `iceprobe: cannot write the report to ${target.sink.name}: ${describeSystemError(error)}\n  ${where}\n`,
    );
  }
}

function refuseContradictions(values: OutputValues): void {
  const formats = [values.format ?? 'pretty', ...(values.report ?? []).map((target) => target.format)];
  if (values.events === true && !formats.includes('json')) {
    throw new UsageError(
      '--events adds the events to the JSON report, and none is asked for',
      'add -f json or --report json=FILE; -f ndjson streams them',
    );
  }
  if (values.redact === true && values['show-addresses'] === true) {
    throw new UsageError('--redact and --show-addresses contradict each other', 'give one of them');
  }
  const files = [values.output, values.pcap, ...(values.report ?? []).map(({ file }) => file)];
  const paths = files.filter((file) => file !== undefined);
  const twice = paths.find((file, index) => paths.slice(0, index).some((other) => samePath(file, other)));
  if (twice !== undefined) throw new UsageError(`two outputs would go to ${twice}`, 'give each a file of its own');
}
