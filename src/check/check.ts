import type { Expectation, Report } from '../record/report.ts';

/** What came of one expectation. `met` null: the run does not tell. */
export interface Outcome {
  readonly met: boolean | null;
  readonly value: unknown;
  readonly because?: string;
  /** The URLs at fault, so that their findings can be named beside it. */
  readonly subjects?: readonly string[];
}

/** One thing that must hold of a report. */
export interface Check {
  /** As the user would write it: it stands in the report and in every message. */
  readonly text: string;
  evaluate(report: Report): Outcome;
  /** Why it could never be met with these URLs, whatever the network does; undefined where it could. */
  impossible(urls: readonly string[]): string | undefined;
}

/** A mistake in how an expectation was written: exit code 2. */
export interface CheckError {
  readonly option: string;
  readonly text: string;
  readonly message: string;
  readonly hint: string;
}

/** The result of a check in the report's form, with the finding that explains it where one does. */
export function toExpectation(check: Check, report: Report): Expectation {
  const outcome = check.evaluate(report);
  const explaining = outcome.met === true ? undefined : explainingFinding(outcome, report);
  return {
    text: check.text,
    met: outcome.met,
    value: outcome.value,
    ...(outcome.because !== undefined && { because: outcome.because }),
    ...(explaining !== undefined && { finding: explaining }),
  };
}

function explainingFinding(outcome: Outcome, report: Report): string | undefined {
  const errors = report.findings.filter((finding) => finding.severity === 'error');
  const subjects = outcome.subjects ?? [];
  const own = errors.find((finding) => subjects.includes(finding.subject));
  return (own ?? errors[0])?.id;
}
