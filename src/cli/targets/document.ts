import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { type ConfigPath, type ConfigProblem, showPath } from '../../check/targets/problem.ts';
import { parseLiteral } from '../../core/configuration/literal.ts';
import { placeAt } from '../../core/configuration/place.ts';
import { UsageError } from '../errors.ts';
import { readTextFile } from '../files.ts';
import { offsetOf, plainValue, repeatedKeys } from './json.ts';
import { importConfig } from './module.ts';

/** What a configuration file holds or exports, before its form is checked. */
export interface ConfigDocument {
  /** The path, as it was given. */
  readonly file: string;
  readonly value: unknown;
  /** What its notation already tells to be wrong. */
  readonly problems: readonly ConfigProblem[];
  /** Where a path leads: `iceprobe.config.json:3:14: targets.prod.require`. */
  place(path: ConfigPath): string;
}

/** The names that a configuration is looked for under, in the current folder. */
export const CONFIG_FILES = [
  'iceprobe.config.json',
  'iceprobe.config.ts',
  'iceprobe.config.mts',
  'iceprobe.config.mjs',
  'iceprobe.config.js',
] as const;

/** The configuration in the current folder; undefined where there is none. Throws `UsageError` where there are several. */
export function findConfigFile(): string | undefined {
  const found = CONFIG_FILES.filter((name) => existsSync(name));
  if (found.length > 1) {
    throw new UsageError(`${found.join(' and ')} are both here`, 'remove one, or name the one that is meant: -c FILE');
  }
  return found[0];
}

/**
 * Whether a file is a configuration with targets: by its name, or by what is in it, since an RTCConfiguration has none.
 * Throws `UsageError` where it cannot be read.
 */
export async function holdsTargets(file: string): Promise<boolean> {
  if (CONFIG_FILES.some((name) => basename(file).endsWith(name))) return true;
  const literal = parseLiteral(await readTextFile(file, '--config'));
  return (
    literal.ok &&
    literal.value.kind === 'object' &&
    literal.value.entries.some(({ key, value }) => key === 'targets' && value.kind === 'object')
  );
}

/** Throws `UsageError` for what cannot be read. */
export async function readConfigFile(file: string): Promise<ConfigDocument> {
  if (/\.m?[jt]s$/.test(file)) return readModule(file);
  const text = await readTextFile(file, '--config');
  const literal = parseLiteral(text);
  if (!literal.ok) {
    const { line, column, message, hint } = literal.error;
    throw new UsageError(`${file}:${line}:${column}: ${message}`, hint);
  }
  return {
    file,
    value: plainValue(literal.value),
    problems: repeatedKeys(literal.value),
    place(path) {
      const { line, column } = placeAt(text, offsetOf(literal.value, path));
      return [`${file}:${line}:${column}`, ...shown(path)].join(': ');
    },
  };
}

/** A program that exports one: it is run. Lines are unknown, the path tells where. */
async function readModule(file: string): Promise<ConfigDocument> {
  const value = await importConfig(file);
  return { file, value, problems: [], place: (path) => [file, ...shown(path)].join(': ') };
}

/** The mistakes of a configuration, one at least, each with its place and how to mend it. */
export function refusal(document: ConfigDocument, problems: readonly ConfigProblem[]): UsageError {
  const [first = { path: [], message: 'it cannot be used', hint: '' }, ...others] = problems;
  const told = others
    .slice(0, MOST_TOLD)
    .map(({ path, message, hint }) => `${document.place(path)}: ${message}; ${hint}`);
  const more = others.length - told.length;
  const hint = [first.hint, ...told, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
  return new UsageError(`${document.place(first.path)}: ${first.message}`, hint);
}

const MOST_TOLD = 9;

function shown(path: ConfigPath): string[] {
  const text = showPath(path);
  return text === '' ? [] : [text];
}
