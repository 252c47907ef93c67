import type { Locus, Severity } from '../../record/finding.ts';

/** What is fixed about a finding, whoever raises it. Its words stand in the text tables. */
export interface CatalogueEntry {
  readonly severity: Severity;
  readonly locus: Locus;
  /** Ids of findings that are mere symptoms where this one holds for the same URLs. */
  readonly explains?: readonly string[];
  /** It explains findings that are graver than itself: it says why they do no harm. */
  readonly disarms?: boolean;
  /** Earlier ids: scripts that still use one must find it. */
  readonly aliases?: readonly string[];
}

/** Keeps the ids as literal types. */
export function entries<Id extends string>(table: Record<Id, CatalogueEntry>): Record<Id, CatalogueEntry> {
  return table;
}

/** What follows wherever a server gives nothing. */
export const NOTHING_COMES = ['ice.no-srflx', 'ice.no-relay', 'ice.slow-gathering'];
