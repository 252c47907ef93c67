import type { FaultPlan, Which } from './plan.ts';

/** One kind of fault. `SUBJECT:VALUE[@WHICH]`; the help, the parser and the tests all read this table. */
export interface FaultRow {
  /** As `--fault help` shows it. */
  readonly form: string;
  readonly help: string;
  /** A specification of this row. */
  readonly example: string;
  readonly subjects: readonly string[];
  readonly value: RegExp;
  /** What it adds to a plan; text where the value is of the right form but makes no sense. */
  read(match: RegExpExecArray, subject: string, which: Which): Partial<FaultPlan> | string;
}
