import { appendFileSync } from 'node:fs';
import type { Report } from '../../record/report.ts';
import type { TargetsReport } from '../../record/targets.ts';
import { PLAIN } from '../../report/style.ts';
import type { Context } from '../context.ts';
import { describeSystemError } from '../files.ts';
import { render } from './formats.ts';
import { masked } from './target.ts';

/**
 * Beside the annotations of `-f github`: the report in the summary of a GitHub Actions job, where there is one. Whoever
 * can see the job can read it, so it is masked like the annotations. That it cannot be written is no reason to fail.
 */
export async function writeJobSummary(
  report: Report | TargetsReport,
  isMasked: boolean,
  { env, stderr }: Context,
): Promise<void> {
  const path = env['GITHUB_STEP_SUMMARY'] ?? '';
  if (path === '') return;
  try {
    appendFileSync(path, `${render('markdown', isMasked ? masked(report) : report, PLAIN)}\n`);
  } catch (error) {
    await stderr.write(`hint: the job summary could not be written: ${describeSystemError(error)}\n`);
  }
}
