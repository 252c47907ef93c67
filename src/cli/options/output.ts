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
  redact: flag({ group: 'Output', help: 'mask addresses, names and user names' }),
  'show-addresses': flag({ group: 'Output', help: 'do not mask them in formats made to be shared' }),
} as const;

/** For commands that send packets. */
export const packetOptions = {
  pcap: text({
    group: 'Output',
    placeholder: 'FILE',
    isFile: true,
    help: 'keep the packets in a capture file (pcapng), TLS taken off',
  }),
  'pcap-integrity': flag({
    group: 'Output',
    help: 'keep MESSAGE-INTEGRITY in it: passwords can be tried against that',
  }),
} as const;

function readTarget(given: string) {
  const equals = given.indexOf('=');
  const format = FORMATS.find((known) => known === given.slice(0, Math.max(0, equals)));
  const file = given.slice(equals + 1);
  if (format === undefined || file === '') return fail(`FORMAT=FILE, where FORMAT is one of ${FORMATS.join(', ')}`);
  return ok<ReportTarget>({ format, file });
}
