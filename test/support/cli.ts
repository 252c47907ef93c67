import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../../bin/iceprobe.js', import.meta.url));

export interface CliRun {
  /** Null if a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From start to end as a user would see it, Node's own start included. */
  readonly durationMs: number;
}

export interface CliOptions {
  /** Added to an environment without any of iceprobe's or the terminal's variables; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  readonly cwd?: string;
  /** After this long the run is killed and the test fails. Default 30 s. */
  readonly timeoutMs?: number;
  /** Sends `signal` once the output so far satisfies `when`. */
  readonly interrupt?: { readonly when: (output: CliOutput) => boolean; readonly signal: NodeJS.Signals };
  /** Sends SIGINT when this aborts. */
  readonly interruptOn?: AbortSignal;
  /** A command to run it under, like `ip netns exec NAME`. */
  readonly under?: readonly string[];
}

export interface CliOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the built command as a user would, in a pipe.
 * @throws if it takes longer than `timeoutMs`, or cannot be started
 */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const [command = '', ...rest] = [...(options.under ?? []), process.execPath, BIN, ...args];
  const timeoutMs = options.timeoutMs ?? 30_000;
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(command, rest, {
      env: { ...plainEnvironment(), ...options.env },
      cwd: options.cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    let interrupted = false;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
        if (options.interrupt === undefined || interrupted || !options.interrupt.when(output)) return;
        interrupted = true;
        child.kill(options.interrupt.signal);
      });
    }
    options.interruptOn?.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.on('error', reject);
    // It may end without having read its input.
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
    child.on('close', (exitCode, signal) => {
      clearTimeout(deadline);
      const run = { exitCode, signal, ...output, durationMs: performance.now() - startedAt };
      if (late)
        reject(
          new Error(`iceprobe ${args.join(' ')} ran longer than ${timeoutMs} ms:\n${JSON.stringify(run, null, 2)}`),
        );
      else resolve(run);
    });
  });
}

/** What a test's outcome must not depend on is left out: colours, widths, credentials of whoever runs the tests. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const foreign =
    /^(ICEPROBE_|ICE_SERVERS$|NODE_OPTIONS$|NO_COLOR$|FORCE_COLOR$|COLUMNS$|CI$|GITHUB_|VITEST|npm_)|_proxy$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
