import type { RunEvent } from '../record/events.ts';
import type { Confidence, Finding, Locus, Severity } from '../record/finding.ts';
import type { FindingId } from './catalogue.ts';
import type { RuledOutKey } from './text/table.ts';

export type Params = Finding['params'];

/** What a rule concludes: a finding without its words, and with what decides which finding explains which. */
export interface Conclusion {
  readonly id: FindingId;
  /** What it is about: a URL, an interface, a name. */
  readonly subject: string;
  /** The URLs that suffer from it; empty where it concerns the whole run. */
  readonly urls: readonly string[];
  readonly confidence: Confidence;
  /** Where they differ from the catalogue's. */
  readonly severity?: Severity;
  readonly locus?: Locus;
  readonly params?: Params;
  readonly ruledOut?: readonly RuledOutKey[];
  readonly evidence: readonly RunEvent[];
}
