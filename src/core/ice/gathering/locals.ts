import type { LocalAddress } from '../gatherer-io.ts';
import { interleaveFamilies } from '../priority.ts';

/** A local address with its place in the order of preference, 0 for the best. */
export interface Local extends LocalAddress {
  readonly rank: number;
}

export function rankLocals(locals: readonly LocalAddress[]): Local[] {
  return interleaveFamilies(locals).map((local, rank) => ({ ...local, rank }));
}
