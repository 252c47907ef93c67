import type { Report } from '../record/report.ts';
import type { TargetsReport } from '../record/targets.ts';

/** Where the page looks for a report of its own. A template: its content is text that no browser runs or shows. */
const OPEN = '<template id="report">';
const PLACE = /<template id="report">[^<]*<\/template>/;

/** One self-contained file: the built page (given, since nothing is read here) with the report inside. Opens from disk. */
export function html(report: Report | TargetsReport, page: string): string {
  if (!PLACE.test(page)) throw new Error('this page has no place for a report');
  // What could end the template, or begin anything else, is written as JSON may write it too.
  const json = JSON.stringify(report).replace(/[<>&\u2028\u2029]/g, escaped);
  return page.replace(PLACE, () => `${OPEN}${json}</template>`);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
