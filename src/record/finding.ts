import type { RunEvent } from './events.ts';

export type Severity = 'error' | 'warning' | 'info' | 'ok';

/** Where the fault lies, and so who can mend it. */
export type Locus = 'client' | 'path' | 'server' | 'configuration' | 'unknown';

/** `certain` is right 99 times in 100, `likely` 80; with less it is `possible`. */
export type Confidence = 'certain' | 'likely' | 'possible';

export interface Finding {
  /** `auth.bad-credentials`: stable; a renamed one keeps its old id as an alias. */
  readonly id: string;
  readonly severity: Severity;
  readonly locus: Locus;
  readonly confidence: Confidence;
  /** What it is about: a URL, an interface, a name. */
  readonly subject: string;
  /** One line that names the cause. English; may change. */
  readonly title: string;
  /** What was observed. */
  readonly detail: string;
  /** What to do. */
  readonly fix: string;
  readonly ruledOut: readonly RuledOut[];
  /** Ids of findings that this one explains. */
  readonly consequences: readonly string[];
  /** The figures and names behind the prose, for scripts and for other languages. */
  readonly params: Readonly<Record<string, string | number | boolean | null | readonly string[] | readonly number[]>>;
  /** The events that show it. */
  readonly evidence: readonly RunEvent[];
}

/** Another cause with the same symptoms, and what speaks against it. */
export interface RuledOut {
  /** Names the pair for other languages. */
  readonly key?: string;
  readonly cause: string;
  readonly because: string;
}
