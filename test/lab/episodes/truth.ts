import type { Locus } from '../../../src/record/finding.ts';

/** What is wrong in an episode, and what can be known of it from where iceprobe stands. */
export interface Fault {
  /** Names the row of the table. */
  readonly name: string;
  /** Findings that name it rightly, the most telling first. */
  readonly ids: readonly string[];
  readonly loci: readonly Locus[];
  /** Findings that are true beside it, without naming it: its consequences, and what another tool would call it. */
  readonly tolerated: readonly string[];
  /** False: from this vantage it cannot be told from another cause, and only doubt is right. */
  readonly identifiable: boolean;
}

/** Symptoms of any server that gives nothing. */
export const SYMPTOMS = ['ice.no-relay', 'ice.no-srflx', 'ice.slow-gathering', 'ice.server-failed'] as const;

export function fault(
  name: string,
  ids: readonly string[],
  loci: Fault['loci'],
  more: { readonly tolerated?: readonly string[]; readonly identifiable?: boolean } = {},
): Fault {
  return {
    name,
    ids,
    loci,
    tolerated: [...SYMPTOMS, ...(more.tolerated ?? [])],
    identifiable: more.identifiable ?? true,
  };
}
