import { concatBytes } from '../../src/core/bytes.ts';
import { type Random, randomInteger } from '../../src/core/random.ts';
import { pick } from './random-message.ts';

/** The bytes, changed in one to four ways of those that find defects in decoders. */
export function mutate(random: Random, original: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let bytes: Uint8Array = original.slice();
  for (let n = 1 + randomInteger(random, 4); n > 0; n--) bytes = pick(random, MUTATIONS)(random, bytes, others);
  return bytes;
}

type Mutation = (random: Random, bytes: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;

const anywhere = (random: Random, bytes: Uint8Array): number => randomInteger(random, bytes.length + 1);

const MUTATIONS: readonly Mutation[] = [
  function flipBit(random, bytes) {
    const at = anywhere(random, bytes);
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << randomInteger(random, 8));
    return bytes;
  },
  function setByte(random, bytes) {
    const at = anywhere(random, bytes);
    if (at < bytes.length) bytes[at] = pick(random, [0, 1, 3, 4, 0x7f, 0x80, 0xfe, 0xff]);
    return bytes;
  },
  /** Lengths and types are 16 bits at even places. */
  function setWord(random, bytes) {
    const at = 2 * randomInteger(random, (bytes.length >> 1) + 1);
    if (at + 1 < bytes.length) {
      const word = pick(random, [0, 1, 3, 4, 8, 20, 0x7fff, 0x8000, 0xfffc, 0xffff, bytes.length, bytes.length - 20]);
      bytes[at] = word >> 8;
      bytes[at + 1] = word & 0xff;
    }
    return bytes;
  },
  function cut(random, bytes) {
    return bytes.slice(0, anywhere(random, bytes));
  },
  function extend(random, bytes) {
    return concatBytes(bytes, random.bytes(randomInteger(random, 9)));
  },
  function remove(random, bytes) {
    const at = anywhere(random, bytes);
    return concatBytes(bytes.subarray(0, at), bytes.subarray(at + randomInteger(random, 12)));
  },
  function repeat(random, bytes) {
    const at = anywhere(random, bytes);
    const end = Math.min(bytes.length, at + 4 * randomInteger(random, 8));
    return concatBytes(bytes.subarray(0, end), bytes.subarray(at));
  },
  function splice(random, bytes, others) {
    const other = pick(random, others);
    return concatBytes(bytes.subarray(0, anywhere(random, bytes)), other.subarray(anywhere(random, other)));
  },
  /** Makes the header agree with the size again, so that the mutations above get past it. */
  function mendLength(_random, bytes) {
    const whole = bytes.slice(0, bytes.length & ~3);
    if (whole.length >= 20 && whole.length - 20 <= 0xffff) {
      whole[2] = (whole.length - 20) >> 8;
      whole[3] = (whole.length - 20) & 0xff;
    }
    return whole;
  },
];
