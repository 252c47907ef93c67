import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROJECT } from '../support/fixtures.ts';

const FOLDER = fileURLToPath(new URL('test/fuzz/', PROJECT));

/** No kept corpus is larger, and no input in it longer: it is read in every run of the tests. */
const MOST_INPUTS = 60;
const MOST_BYTES = 3000;

/** What guided runs have kept of a target: each reached something that those before it did not. */
export function readCorpus(target: string): Uint8Array[] {
  const path = corpusPath(target);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => new Uint8Array(Buffer.from(line, 'base64')));
}

/** Adds inputs, the shortest first, as far as there is room. Returns how many it has now. */
export function keep(target: string, inputs: readonly Uint8Array[]): number {
  const kept = readCorpus(target);
  const short = inputs.filter(({ length }) => length <= MOST_BYTES).toSorted((a, b) => a.length - b.length);
  const all = [...kept, ...short.slice(0, MOST_INPUTS - kept.length)];
  if (all.length === 0) return 0;
  mkdirSync(join(FOLDER, 'corpus'), { recursive: true });
  writeFileSync(corpusPath(target), all.map((input) => `${Buffer.from(input).toString('base64')}\n`).join(''));
  return all.length;
}

function corpusPath(target: string): string {
  return join(FOLDER, 'corpus', `${target}.base64`);
}

/** Inputs that once broke something, by the name of what it was. */
export function readRegressions(target: string): ReadonlyMap<string, Uint8Array> {
  const folder = join(FOLDER, 'regressions', target);
  if (!existsSync(folder)) return new Map();
  return new Map(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
}
