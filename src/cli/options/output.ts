import { fail, ok } from '../../core/result.ts';
import { FORMATS, type Format } from '../output/formats.ts';
import { choice, flag, one, repeatable, text } from './option.ts';

export interface ReportTarget {
  readonly format: Format;
  readonly file: string;
}

/** What to write, and where. */
export const outputOptions = {
  format: choice(FORMATS, {
    group: 'Output',
    alias: 'f',
    help: 'of the report (default: pretty); ndjson streams the events as they happen',
  }),
  output: text({ group: 'Output', alias: 'o', placeholder: 'FILE', isFile: true, help: 'write it to a file' }),
  report: repeatable(
    one({ group: 'Output', placeholder: 'FORMAT=FILE', help: 'write another report beside it' }, readTarget),
  ),
  events: flag({ group: 'Output', help: 'put all events into the JSON report' }),
} as const;

function readTarget(given: string) {
  const equals = given.indexOf('=');
  const format = FORMATS.find((known) => known === given.slice(0, Math.max(0, equals)));
  const file = given.slice(equals + 1);
  if (format === undefined || file === '') return fail(`FORMAT=FILE, where FORMAT is one of ${FORMATS.join(', ')}`);
  return ok<ReportTarget>({ format, file });
}
