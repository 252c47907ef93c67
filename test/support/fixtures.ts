import { readFileSync } from 'node:fs';
import { concatBytes, fromHex } from '../../src/core/bytes.ts';

const folder = new URL('../../fixtures/', import.meta.url);

export function readFixture(path: string): string {
  return readFileSync(new URL(path, folder), 'utf8');
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
