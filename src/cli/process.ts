import type { Context, Input } from './context.ts';
import { formatFault } from './fault.ts';
import { run } from './run.ts';
import { Interrupted, listenForSignals } from './signals.ts';
import { outputOf } from './streams.ts';

/** How long what we hold at servers may take to be released once the run is interrupted or broken. */
const RELEASE_MS = 3000;

const FAULT = 70;

/** Runs a command line on this process' streams, environment and signals. Resolves to the exit code, never rejects. */
export async function runInProcess(argv: readonly string[]): Promise<number> {
  const abort = new AbortController();
  let hangup: (() => void) | undefined;
  const context: Context = {
    env: process.env,
    stdin: process.stdin as Input,
    stdout: outputOf(process.stdout, process.env),
    stderr: outputOf(process.stderr, process.env),
    signal: abort.signal,
    onHangup: (listener) => {
      hangup = listener;
    },
  };
  /** Set by what overrules the command's own exit code. */
  let overruled: number | undefined;
  let limit: NodeJS.Timeout | undefined;
  const end = (exitCode: number, reason: unknown): void => {
    if (overruled !== undefined) process.exit(overruled);
    overruled = exitCode;
    abort.abort(reason);
    // Nothing that a server or the network does may keep us after that.
    limit = setTimeout(() => process.exit(exitCode), RELEASE_MS).unref();
  };
  const reportFault = (error: unknown): void => {
    // Synchronous as far as the stream allows: the process may be about to end.
    process.stderr.write(formatFault(error, argv));
    end(FAULT, error);
  };

  const signals = listenForSignals((interrupted) => {
    if (interrupted.signal === 'SIGHUP' && hangup !== undefined) hangup();
    else end(interrupted.exitCode, interrupted);
  });
  process.on('uncaughtException', reportFault);
  try {
    const exitCode = await run(argv, context);
    return overruled ?? exitCode;
  } catch (error) {
    // Of whatever was waiting when the signal came.
    const isAftermath = overruled !== undefined && error instanceof Error && error.name === 'AbortError';
    if (error instanceof Interrupted) return overruled ?? error.exitCode;
    if (!isAftermath) reportFault(error);
    return overruled ?? FAULT;
  } finally {
    clearTimeout(limit);
    signals.dispose();
    process.off('uncaughtException', reportFault);
    // Whoever read from it may have left it open, which would keep the process alive.
    process.stdin.pause();
  }
}
