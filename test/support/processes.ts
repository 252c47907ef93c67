import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

/** A server or tool started by a test, whose output is kept. */
export interface BackgroundProcess extends AsyncDisposable {
  readonly pid: number;
  /** Both outputs so far, in order of arrival. */
  output(): string;
  /** Undefined while it runs. */
  exit(): { readonly status: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  /**
   * Resolves as soon as the output satisfies `predicate`; at once if it does already.
   * @throws if the process ends first or `timeoutMs` pass, with the output so far
   */
  waitForOutput(predicate: (output: string) => boolean, timeoutMs: number, what: string): Promise<void>;
  /** SIGTERM, and SIGKILL two seconds later. Resolves when the process is gone; harmless if it already is. */
  stop(): Promise<void>;
}

/** Dies with its parent even if that is killed outright: Linux tells it. Elsewhere the `exit` handler has to do. */
export const diesWithParent: readonly string[] = existsSync('/usr/bin/setpriv')
  ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL']
  : [];

export function startProcess(
  command: string,
  args: readonly string[],
  {
    stdin = 'ignore',
    ...options
  }: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } & {
    /** `pipe`: held open, for programs that end when it does. Default `ignore`. */
    readonly stdin?: 'ignore' | 'pipe';
  } = {},
): BackgroundProcess {
  const [program = command, ...rest] = [...diesWithParent, command, ...args];
  const child = spawn(program, rest, { ...options, stdio: [stdin, 'pipe', 'pipe'] }) as ChildProcessByStdio<
    Writable | null,
    Readable,
    Readable
  >;
  const killNow = (): boolean => child.kill('SIGKILL');
  process.once('exit', killNow);

  let text = '';
  let ended: { status: number | null; signal: NodeJS.Signals | null } | undefined;
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };
  const append = (chunk: string): void => {
    text += chunk;
    wake();
  };
  child.stdout.setEncoding('utf8').on('data', append);
  child.stderr.setEncoding('utf8').on('data', append);
  const gone = new Promise<void>((resolve) => {
    const end = (status: number | null, signal: NodeJS.Signals | null): void => {
      ended ??= { status, signal };
      process.off('exit', killNow);
      wake();
      resolve();
    };
    child.on('error', (error) => {
      append(`${error.message}\n`);
      if (child.pid === undefined) end(null, null);
    });
    child.on('close', end);
  });

  async function stop(): Promise<void> {
    if (ended !== undefined) return;
    child.kill('SIGTERM');
    const impatience = setTimeout(killNow, 2000);
    await gone;
    clearTimeout(impatience);
  }

  return {
    pid: child.pid ?? -1,
    output: () => text,
    exit: () => ended,
    waitForOutput(predicate, timeoutMs, what) {
      return new Promise((resolve, reject) => {
        const settle = (error?: Error): void => {
          clearTimeout(timer);
          watchers.delete(look);
          if (error === undefined) resolve();
          else reject(error);
        };
        const look = (): void => {
          if (predicate(text)) settle();
          else if (ended !== undefined) settle(new Error(`${command} ended before ${what}:\n${text}`));
        };
        const timer = setTimeout(
          () => settle(new Error(`${command}: no ${what} in ${timeoutMs} ms:\n${text}`)),
          timeoutMs,
        );
        watchers.add(look);
        look();
      });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
