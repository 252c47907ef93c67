import { catalogueEntry, type FindingId } from '../../diagnosis/catalogue.ts';
import { inGeneral } from '../../diagnosis/general.ts';
import { ENGLISH } from '../../diagnosis/text/en.ts';

/** A finding in general, as `iceprobe explain` and the documentation tell it. */
export interface Explanation {
  readonly id: FindingId;
  readonly severity: string;
  readonly locus: string;
  readonly title: string;
  readonly meaning: string;
  readonly needs: string;
  readonly fix: string;
  /** Findings that are mere symptoms where this one holds. */
  readonly explains: readonly string[];
}

export function explainFinding(id: FindingId): Explanation {
  const { severity, locus, explains = [] } = catalogueEntry(id);
  const { title, meaning, needs, fix } = ENGLISH.findings[id];
  return { id, severity, locus, title: inGeneral(title), meaning, needs, fix: inGeneral(fix), explains };
}
