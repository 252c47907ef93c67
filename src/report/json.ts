import type { Report } from '../record/report.ts';
import type { TargetsReport } from '../record/targets.ts';

export function json(report: Report | TargetsReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
