import type { Report } from '../record/report.ts';

export function json(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
