import type { Result } from '../result.ts';

/**
 * How one attribute's value is read and written. Attributes are named in the registry's spelling.
 *
 * Both ways take the whole message and the value's place in it, so that nothing is copied on the way; bytes 8 to 20 of the
 * message are its transaction id, which takes part in XORed addresses.
 */
export interface AttributeCodec<T> {
  readonly type: number;
  readonly name: string;
  /** Length of the encoded value in bytes, without header and padding. */
  length(value: T): number;
  /** Writes exactly `length(value)` bytes at `offset`, where the message is all zeros. */
  write(value: T, message: Uint8Array, offset: number): void;
  /** The value of the `length` bytes at `offset`, or in words what is wrong with them. Never throws. */
  read(message: Uint8Array, offset: number, length: number): Result<T, string>;
}
