import type { Severity } from '../record/finding.ts';
import { catalogueEntry } from './catalogue.ts';
import type { Conclusion } from './conclusion.ts';

export interface Absorbed {
  readonly conclusion: Conclusion;
  /** Ids of the findings that this one explains, once each. */
  readonly consequences: readonly string[];
}

/**
 * One cause that explains several symptoms is one finding: a symptom whose every URL is accounted for by causes that are
 * at least as grave disappears into their consequences.
 */
export function absorb(conclusions: readonly Conclusion[]): Absorbed[] {
  const explainers = new Map<Conclusion, readonly Conclusion[]>();
  for (const symptom of conclusions) {
    const causes = conclusions.filter((cause) => cause !== symptom && explains(cause, symptom));
    if (causes.length > 0 && coversAll(causes, symptom)) explainers.set(symptom, causes);
  }
  const consequences = new Map<Conclusion, Set<string>>();
  for (const symptom of explainers.keys()) {
    for (const root of rootsOf(symptom, explainers)) {
      const ids = consequences.get(root) ?? new Set<string>();
      if (root.id !== symptom.id) ids.add(symptom.id);
      consequences.set(root, ids);
    }
  }
  return conclusions
    .filter((conclusion) => !explainers.has(conclusion))
    .map((conclusion) => ({ conclusion, consequences: [...(consequences.get(conclusion) ?? [])].sort() }));
}

const GRAVITY: Readonly<Record<Severity, number>> = { error: 3, warning: 2, info: 1, ok: 0 };

function explains(cause: Conclusion, symptom: Conclusion): boolean {
  const entry = catalogueEntry(cause.id);
  if (entry.explains?.includes(symptom.id) !== true) return false;
  // An error must not vanish behind a warning, unless that says why it does no harm.
  if (gravity(cause) < gravity(symptom) && entry.disarms !== true) return false;
  return cause.urls.length === 0 || symptom.urls.length === 0 || symptom.urls.some((url) => cause.urls.includes(url));
}

function gravity(conclusion: Conclusion): number {
  return GRAVITY[conclusion.severity ?? catalogueEntry(conclusion.id).severity];
}

function coversAll(causes: readonly Conclusion[], symptom: Conclusion): boolean {
  if (causes.some((cause) => cause.urls.length === 0)) return true;
  return symptom.urls.every((url) => causes.some((cause) => cause.urls.includes(url)));
}

/** The causes of the causes: what stays in the list. `explains` has no cycles (a test holds it to that). */
function rootsOf(symptom: Conclusion, explainers: ReadonlyMap<Conclusion, readonly Conclusion[]>): Set<Conclusion> {
  const roots = new Set<Conclusion>();
  for (const cause of explainers.get(symptom) ?? []) {
    if (explainers.has(cause)) for (const root of rootsOf(cause, explainers)) roots.add(root);
    else roots.add(cause);
  }
  return roots;
}
