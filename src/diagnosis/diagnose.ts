import type { RunEvent } from '../record/events.ts';
import type { Finding, Severity } from '../record/finding.ts';
import type { Observation } from '../record/observation.ts';
import { absorb } from './absorb.ts';
import { type CATALOGUE, catalogueEntry, FINDING_IDS } from './catalogue.ts';
import type { Conclusion } from './conclusion.ts';
import { render } from './render.ts';
import { unexplained } from './rules/ice.ts';
import { RULES } from './rules.ts';
import { ENGLISH } from './text/en.ts';
import type { TextTable } from './text/table.ts';
import { type View, type ViewOptions, viewOf } from './view.ts';

export interface DiagnoseOptions extends ViewOptions {
  /** Ids of findings that are not to be raised, as the user decided. */
  readonly ignore?: readonly string[];
}

export type Rule = (view: View) => readonly Conclusion[];

/**
 * What the observation means, worst first. Pure: the same observation gives the same findings in the terminal, in a page
 * and in a replay. `events` serve as evidence, and where a rule needs single packets.
 */
export function diagnose(
  observation: Observation,
  events: readonly RunEvent[] = [],
  options: DiagnoseOptions = {},
): Finding[] {
  const view = viewOf(observation, events, options);
  const causes = RULES.flatMap((rule) => rule(view));
  const conclusions = [...causes, ...unexplained(view, causes, severityOf)];
  return absorb(conclusions.filter((each) => !options.ignore?.includes(each.id)))
    .toSorted((a, b) => rank(a.conclusion) - rank(b.conclusion))
    .map(({ conclusion, consequences }) => findingOf(conclusion, consequences));
}

/** The words of a finding in another language, from its id and parameters. */
export function wordsOf(
  finding: Pick<Finding, 'id' | 'params'>,
  table: TextTable,
): Pick<Finding, 'title' | 'detail' | 'fix'> {
  const text = table.findings[finding.id as keyof typeof CATALOGUE];
  const fill = (template: string): string => render(template, finding.params, table.units.more);
  return { title: fill(text.title), detail: fill(text.detail), fix: fill(text.fix) };
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info', 'ok'];
const CONFIDENCES = ['certain', 'likely', 'possible'];

function severityOf(conclusion: Conclusion): Severity {
  return conclusion.severity ?? catalogueEntry(conclusion.id).severity;
}

function rank(conclusion: Conclusion): number {
  return (
    SEVERITIES.indexOf(severityOf(conclusion)) * 10_000 +
    CONFIDENCES.indexOf(conclusion.confidence) * 1000 +
    FINDING_IDS.indexOf(conclusion.id)
  );
}

function findingOf(conclusion: Conclusion, consequences: readonly string[]): Finding {
  const { id, subject, urls, confidence, evidence } = conclusion;
  const params = { subject, ...(urls.length > 0 ? { urls, others: urls.length - 1 } : {}), ...conclusion.params };
  return {
    id,
    severity: severityOf(conclusion),
    locus: conclusion.locus ?? catalogueEntry(id).locus,
    confidence,
    subject,
    ...wordsOf({ id, params }, ENGLISH),
    ruledOut: (conclusion.ruledOut ?? []).map((key) => ({
      key,
      cause: ENGLISH.ruledOut[key].cause,
      because: render(ENGLISH.ruledOut[key].because, params),
    })),
    consequences,
    params,
    evidence,
  };
}
