import { closeSync, openSync, writeSync } from 'node:fs';
import type { Change } from '../../monitor/health.ts';
import type { OwnFigures } from '../../monitor/own.ts';
import type { Style } from '../../report/style.ts';
import type { Output } from '../context.ts';
import { UsageError } from '../errors.ts';
import { describeSystemError } from '../files.ts';

/** Where lines go. */
export interface LineSink {
  /** For messages: `stdout`, or the path. */
  readonly name: string;
  /** How many bytes were taken, not always all. Rejects with the system's error where none could be. */
  write(bytes: Uint8Array): Promise<number>;
  /** Whoever rotates logs has moved the file away. Throws the system's error. */
  reopen(): void;
  close(): void;
}

/** More are not held while they cannot be written: the oldest go first. */
const MOST_HELD = 10_000;
const RETRY_MS = 5000;

export interface ChangeLogOptions {
  readonly sink: LineSink;
  readonly own: OwnFigures;
  readonly onRemark: (text: string) => void;
}

/** Writes lines in order. What cannot be written, for want of room on the disk say, is held and written once it can. */
export class ChangeLog {
  readonly #options: ChangeLogOptions;
  readonly #lines: Uint8Array[] = [];
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();
  #failure: string | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: ChangeLogOptions) {
    this.#options = options;
    options.own.logHeld = () => this.#lines.length;
  }

  write(line: string): void {
    this.#lines.push(Buffer.from(line));
    if (this.#lines.length > MOST_HELD) {
      // The first may be half written.
      this.#lines.splice(1, 1);
      this.#options.own.logLost++;
    }
    this.#flush();
  }

  /** After the file was rotated. */
  reopen(): void {
    try {
      this.#options.sink.reopen();
    } catch (error) {
      this.#noteFailure(error);
    }
    this.#flush();
  }

  /** Tries once more; resolves to what could not be written in the end. */
  async close(): Promise<string> {
    clearTimeout(this.#retry);
    this.#flush();
    await this.#written;
    clearTimeout(this.#retry);
    this.#options.sink.close();
    return Buffer.concat(this.#lines).toString();
  }

  #flush(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#written = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    clearTimeout(this.#retry);
    for (let line = this.#lines[0]; line !== undefined; line = this.#lines[0]) {
      try {
        const count = await this.#options.sink.write(line);
        if (count < line.length) this.#lines[0] = line.subarray(count);
        else this.#lines.shift();
      } catch (error) {
        this.#isWriting = false;
        this.#noteFailure(error);
        this.#retry = setTimeout(() => this.#flush(), RETRY_MS).unref();
        return;
      }
    }
    this.#isWriting = false;
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#options.onRemark(`the log is written to ${this.#options.sink.name} again, nothing is missing`);
  }

  #noteFailure(error: unknown): void {
    const words = describeSystemError(error);
    if (this.#failure === words) return;
    this.#failure = words;
    this.#options.onRemark(
      `cannot write the log to ${this.#options.sink.name}: ${words}; its lines are held until that can be done`,
    );
  }
}

/** A log grows: a file is added to, never emptied. Throws {@link UsageError} where it cannot be opened. */
export function appendTo(path: string): LineSink {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'a');
  } catch (error) {
    throw new UsageError(
      `cannot write ${path}: ${describeSystemError(error)}`,
      'check the path and who may write there',
    );
  }
  return {
    name: path,
    write: async (bytes) => writeSync(descriptor, bytes),
    reopen() {
      const next = openSync(path, 'a');
      closeSync(descriptor);
      descriptor = next;
    },
    close: () => closeSync(descriptor),
  };
}

export function toStdout(stdout: Output): LineSink {
  return {
    name: 'stdout',
    async write(bytes) {
      await stdout.write(Buffer.from(bytes).toString());
      return bytes.length;
    },
    reopen: () => {},
    close: () => {},
  };
}

export type LogFormat = 'pretty' | 'ndjson';

/** One line for one change, with its line feed. */
export function changeLine(change: Change, format: LogFormat, style: Style): string {
  if (format === 'ndjson') return `${JSON.stringify(change)}\n`;
  const { at, change: kind, target, text, finding } = change;
  const word = kind.padEnd(11);
  const isError = kind === 'down' || (kind === 'new-finding' && finding?.severity === 'error');
  const painted = isError
    ? style.error(word)
    : kind === 'new-finding'
      ? style.warning(word)
      : kind === 'recovered'
        ? style.good(word)
        : style.dim(word);
  return `${style.dim(timeOf(at))} ${painted} ${target}: ${text}\n`;
}

/** ISO 8601 to the second. */
export function timeOf(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z');
}
