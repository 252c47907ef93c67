import { readSavedRun, type SavedRun } from '../diagnosis/saved-run.ts';
import type { Context } from './context.ts';
import { UsageError } from './errors.ts';
import { readStdin, readTextFile } from './files.ts';

/** A saved run, or those of several targets, and what it is called. */
export interface LoadedRun extends SavedRun {
  readonly name: string;
}

/** Throws {@link UsageError} where the file cannot be read or is no such thing. */
export async function loadSavedRun(path: string, context: Context, withEvents = false): Promise<LoadedRun> {
  const name = path === '-' ? 'stdin' : path;
  const text = path === '-' ? await readStdin(context, 'FILE') : await readTextFile(path, 'the saved run');
  const saved = readSavedRun(text, withEvents);
  if (saved.ok) return { name, ...saved.value };
  const { line, message, hint } = saved.error;
  throw new UsageError(`${name}:${line === undefined ? '' : `${line}:`} ${message}`, hint);
}
