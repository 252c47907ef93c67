import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change } from '../../src/monitor/health.ts';
import type { MonitorStatus, TargetStatus } from '../../src/monitor/status.ts';
import { BIN, plainEnvironment } from './cli.ts';
import { type BackgroundProcess, startProcess } from './processes.ts';

export interface RunningMonitor extends AsyncDisposable {
  readonly process: BackgroundProcess;
  readonly pid: number;
  /** `http://127.0.0.1:PORT/`. */
  readonly url: string;
  /** The configuration that it reads, where it was given targets. */
  readonly file: string;
  /** Replaces what is in that file. */
  configure(config: unknown): void;
  /** What was told so far, with `-f ndjson`. */
  changes(): Change[];
  get(path: string): Promise<{ readonly status: number; readonly body: string }>;
  status(): Promise<MonitorStatus>;
  target(name: string): Promise<TargetStatus | undefined>;
  /** Sends the signal; resolves to the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface MonitorRun {
  /** The targets' configuration; without it the arguments name what to watch. */
  readonly config?: unknown;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command to run it under. */
  readonly under?: readonly string[];
}

/** The built command as an operator runs it, on a free port, its log as NDJSON; resolves once it is ready. */
export async function startMonitor({ config, args = [], env = {}, under = [] }: MonitorRun): Promise<RunningMonitor> {
  const folder = mkdtempSync(join(tmpdir(), 'iceprobe-monitor-'));
  const file = join(folder, 'iceprobe.config.json');
  const configure = (value: unknown): void => writeFileSync(file, JSON.stringify(value, null, 2));
  if (config !== undefined) configure(config);
  const source = config === undefined ? [] : ['-c', file];
  const line = [process.execPath, BIN, 'monitor', ...source, '--port', '0', '-f', 'ndjson', ...args];
  const [command = '', ...rest] = [...under, ...line];
  const child = startProcess(command, rest, { cwd: folder, env: { ...plainEnvironment(), ...env } });
  await child.waitForOutput((output) => output.includes('"ready"'), 20_000, 'the ready line');
  const url = /"ready":"([^"]+)"/.exec(child.output())?.[1] ?? '';
  const get = async (path: string): Promise<{ status: number; body: string }> => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, body: await response.text() };
  };
  const status = async (): Promise<MonitorStatus> => JSON.parse((await get('status')).body) as MonitorStatus;
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    process: child,
    pid: child.pid,
    url,
    file,
    configure,
    changes: () => changesIn(child.output()),
    get,
    status,
    target: async (name) => (await status()).targets.find((target) => target.name === name),
    async end(signal) {
      process.kill(child.pid, signal);
      await until(() => child.exit() !== undefined, 20_000, 'the end of the monitor');
      return child.exit()?.status ?? null;
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** The changes among other lines. */
export function changesIn(output: string): Change[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{"at"'))
    .map((line) => JSON.parse(line) as Change);
}

/** Asks until it is so. Throws after `timeoutMs`. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  timeoutMs: number,
  what: string,
  everyMs = 100,
): Promise<void> {
  const limit = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > limit) throw new Error(`no ${what} in ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
