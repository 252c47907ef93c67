import { readFileSync } from 'node:fs';
import { concatBytes, fromHex } from '../../src/core/bytes.ts';

/** The project's: this file, and any bundle that it became part of, lies two folders below. */
export const PROJECT = new URL('../../', import.meta.url);

const folder = new URL('fixtures/', PROJECT);

export function readFixture(path: string): string {
  return readFileSync(new URL(path, folder), 'utf8');
}

export function readFixtureBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, folder)));
}

/** A file of packets in hex, one a line; `#` begins a comment. */
export function readHexLines(path: string): Uint8Array[] {
  return readFixture(path)
    .split('\n')
    .map((line) => line.replace(/#.*/, '').replace(/\s/g, ''))
    .filter((line) => line !== '')
    .map((line) => {
      const bytes = fromHex(line);
      if (bytes === undefined) throw new Error(`${path}: not hex: ${line}`);
      return bytes;
    });
}

/** A file that is one packet in hex, on as many lines as it likes. */
export function readHex(path: string): Uint8Array {
  return concatBytes(...readHexLines(path));
}
