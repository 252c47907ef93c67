import { Readable } from 'node:stream';
import type { Context, Input } from '../../src/cli/context.ts';
import { run } from '../../src/cli/run.ts';

export interface FakeRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FakeWorld {
  readonly env?: Readonly<Record<string, string>>;
  /** What a pipe holds. */
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  readonly colors?: 0 | 1;
  readonly columns?: number;
}

/** Runs a command line in this process, in a world of its own: no terminal, an empty environment, nothing on stdin. */
export async function runInFakeWorld(argv: readonly string[], world: FakeWorld = {}): Promise<FakeRun> {
  const { context, stdout, stderr } = fakeContext(world);
  const exitCode = await run(argv, context);
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** Such a world by itself, for what a command is made of. */
export function fakeContext(world: FakeWorld = {}) {
  const stdout = new Sink(world);
  const stderr = new Sink(world);
  const context: Context = {
    env: world.env ?? {},
    stdin: Readable.from(world.stdin === undefined ? [] : [Buffer.from(world.stdin)]) as Input,
    stdout,
    stderr,
    signal: world.signal ?? new AbortController().signal,
  };
  return { context, stdout, stderr };
}

class Sink {
  readonly isTTY = false;
  readonly columns: number;
  readonly colors: 0 | 1;
  text = '';

  constructor({ colors = 0, columns = 100 }: FakeWorld) {
    this.colors = colors;
    this.columns = columns;
  }

  async write(text: string): Promise<void> {
    this.text += text;
  }
}
