import type { Result } from '../result.ts';

/** How one attribute's value is read and written. Attributes are named in the registry's spelling. */
export interface AttributeCodec<T> {
  readonly type: number;
  readonly name: string;
  /** Length of the encoded value in bytes, without header and padding. */
  length(value: T): number;
  /** Writes exactly `length(value)` bytes at `offset`. The transaction id takes part in XORed addresses. */
  write(value: T, target: Uint8Array, offset: number, transactionId: Uint8Array): void;
  /** The value, or in words what is wrong with the bytes. Never throws. */
  read(bytes: Uint8Array, transactionId: Uint8Array): Result<T, string>;
}
