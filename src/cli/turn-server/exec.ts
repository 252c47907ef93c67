import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';

/** The command could not be started. */
export const NOT_STARTED = 125;

/** How long the command may take to end once it was asked to. */
const END_MS = 2000;

export interface ExecRequest {
  /** For the shell. */
  readonly line: string | undefined;
  /** Words, without a shell. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Runs a command on this process' own streams. Resolves to its exit code, 128 + N where signal N ended it. */
export function runCommand(request: ExecRequest, onError: (message: string) => void): Promise<number> {
  const { line, words, env, signal } = request;
  const unknown = line === undefined ? undefined : unknownCommand(line, env);
  if (unknown !== undefined) {
    onError(`${unknown}: command not found`);
    return Promise.resolve(NOT_STARTED);
  }
  return new Promise((resolve) => {
    const [program = '', ...args] = words;
    const options = { stdio: 'inherit', env: { ...env } } as const;
    let child: ChildProcess;
    try {
      child = line === undefined ? spawn(program, args, options) : spawn(line, { ...options, shell: true });
    } catch (error) {
      onError(error instanceof Error ? error.message : String(error));
      resolve(NOT_STARTED);
      return;
    }
    const end = (): void => {
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), END_MS).unref();
    };
    signal.addEventListener('abort', end, { once: true });
    child.once('error', (error) => {
      signal.removeEventListener('abort', end);
      onError(error.message);
      resolve(NOT_STARTED);
    });
    child.once('exit', (code, endedBy) => {
      signal.removeEventListener('abort', end);
      resolve(code ?? 128 + (endedBy === null ? 0 : constants.signals[endedBy]));
    });
  });
}

/** A shell says 127 both for a command that it cannot find and for one that ends so: ask it before. */
function unknownCommand(line: string, env: ExecRequest['env']): string | undefined {
  if (process.platform === 'win32') return undefined;
  const word = /^\s*([\w./+@%:-]+)(?:\s|$)/.exec(line)?.[1];
  if (word === undefined) return undefined;
  const { status } = spawnSync('/bin/sh', ['-c', 'command -v "$1" >/dev/null', 'sh', word], { env: { ...env } });
  return status === 0 || status === null ? undefined : word;
}
