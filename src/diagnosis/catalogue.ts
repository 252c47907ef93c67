import { CALL } from './catalogue/call.ts';
import { CONFIG } from './catalogue/config.ts';
import type { CatalogueEntry } from './catalogue/entry.ts';
import { REACHABILITY } from './catalogue/reachability.ts';
import { SERVICE } from './catalogue/service.ts';
import { VANTAGES } from './catalogue/vantages.ts';

export type { CatalogueEntry } from './catalogue/entry.ts';

/** Every finding there is, in the order in which those of one severity are told: causes before their usual symptoms. */
export const CATALOGUE = { ...CONFIG, ...REACHABILITY, ...SERVICE, ...VANTAGES, ...CALL };

export type FindingId = keyof typeof CATALOGUE;

export const FINDING_IDS = Object.keys(CATALOGUE) as readonly FindingId[];

export function catalogueEntry(id: FindingId): CatalogueEntry {
  return CATALOGUE[id];
}

/** The id that is meant by a text: itself, or what it was renamed to; undefined where there is no such finding. */
export function resolveFindingId(text: string): FindingId | undefined {
  return FINDING_IDS.find((id) => id === text || catalogueEntry(id).aliases?.includes(text));
}
