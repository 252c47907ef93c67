import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { Context } from './context.ts';
import { UsageError } from './errors.ts';

/** No configuration, certificate or password is longer. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The text of a file that the user named; `option` is how, for the error. Throws {@link UsageError}. */
export async function readTextFile(path: string, option: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UsageError(`${option} ${path}: ${describeSystemError(error)}`, 'check the path and who may read it');
  }
  return decode(bytes, `${option} ${path}`);
}

/** All of stdin as text. */
export async function readStdin(context: Context, option: string): Promise<string> {
  if (context.stdin.isTTY === true)
    await context.stderr.write(`${option} -: reading from this terminal, Ctrl-D ends it\n`);
  return decode(await readStdinBytes(context), `${option} -`);
}

export async function readStdinBytes({ stdin, signal }: Context): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of addAbortSignal(signal, stdin)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function decode(given: Buffer, name: string): string {
  const bytes = unzipped(given, name);
  if (bytes.length > MAX_BYTES)
    throw new UsageError(`${name}: ${bytes.length} bytes are too many`, 'is it the right file?');
  // PowerShell's `>` writes UTF-16.
  const text = bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.toString('utf16le') : bytes.toString('utf8');
  if (text.includes('\0')) throw new UsageError(`${name}: this is no text`, 'is it the right file?');
  return text;
}

/** Chromium compresses the dumps of its internals page, people compress reports. */
function unzipped(bytes: Buffer, name: string): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    // A little more than may be, so that what is too long is said to be.
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES + 1 });
  } catch (error) {
    const isLong = error instanceof RangeError;
    throw new UsageError(
      `${name}: ${isLong ? `more than ${MAX_BYTES} bytes` : 'damaged gzip'}`,
      'is it the right file?',
    );
  }
}

/** `no such file`, in place of `ENOENT: no such file or directory, open 'x'`. */
export function describeSystemError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known: Readonly<Record<string, string>> = {
    EACCES: 'no permission',
    EISDIR: 'this is a directory',
    ENOENT: 'no such file',
    ENOSPC: 'the disk is full',
    ENOTDIR: 'a part of the path is no directory',
    EPERM: 'not permitted',
    EROFS: 'the file system is read-only',
    EFBIG: 'the file would be too large',
    EDQUOT: 'the disk quota is used up',
    EIO: 'the disk reports an error',
    EMFILE: 'too many open files',
  };
  return known[code] ?? (error instanceof Error ? error.message : String(error));
}
