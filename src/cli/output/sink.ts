import { closeSync, existsSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Output } from '../context.ts';
import { UsageError } from '../errors.ts';
import { describeSystemError } from '../files.ts';

/** Where a report or its events go. */
export interface Sink {
  /** For messages: `stdout`, or the path. */
  readonly name: string;
  /** Adds text. Rejects with the system's error. */
  write(text: string): Promise<void>;
  close(): void;
}

export interface FileSink extends Sink {
  /** What was written before a crash is in the file. Throws the system's error. */
  writeNow(bytes: Uint8Array): void;
}

export function stdoutSink(stdout: Output): Sink {
  return { name: 'stdout', write: (text) => stdout.write(text), close: () => {} };
}

/**
 * A file, emptied with the first write. That it can be written is found out now, before a run that would be lost.
 * Throws {@link UsageError}.
 */
export function fileSink(path: string): FileSink {
  const refuse = (error: unknown): UsageError =>
    new UsageError(`cannot write ${path}: ${describeSystemError(error)}`, 'check the path and who may write there');
  // A pipe would wait for its reader, and a device has nothing to lose.
  const isRegular = !existsSync(path) || statSync(path).isFile();
  try {
    if (isRegular) closeSync(openSync(path, 'a'));
    else if (statSync(path).isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
  } catch (error) {
    throw refuse(error);
  }
  let descriptor: number | undefined;
  return {
    name: path,
    async write(text) {
      this.writeNow(Buffer.from(text));
    },
    writeNow(bytes) {
      descriptor ??= openSync(path, 'w');
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** Puts what could not be written where it was meant to go into a file of its own. Undefined where that fails too. */
export function rescue(text: string, extension: string): string | undefined {
  const path = join(tmpdir(), `iceprobe-report-${process.pid}-${Date.now()}.${extension}`);
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return path;
  } catch {
    return undefined;
  }
}

/** Whether two paths are the same file, as far as their spelling tells. */
export function samePath(a: string, b: string): boolean {
  return resolve(a) === resolve(b);
}
