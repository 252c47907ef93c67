import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import { outputOptions } from '../options/output.ts';
import { openOutput } from '../output/run-output.ts';
import { loadSavedRun } from '../saved-run.ts';

export const command = defineCommand({
  positionals: 'FILE',
  description:
    'Renders a saved run again, in any format, by the diagnosis of this version. FILE is what -f ndjson wrote, -f json ' +
    'with --events, or a dump of chrome://webrtc-internals; "-" is stdin. A JSON report without events is shown as saved.',
  options: outputOptions,
  examples: [
    ['iceprobe gather -f ndjson -o run.ndjson ...', 'keeps a run'],
    ['iceprobe replay run.ndjson', 'shows it, as often as you like, without a packet'],
  ],
  async run({ options: given, positionals }, context) {
    const [path, ...more] = positionals;
    if (path === undefined || path === '') throw new UsageError('no file to replay', 'give one; "-" reads stdin');
    if (more.length > 0) throw new UsageError('replay takes one file', 'iceprobe compare A B takes two');
    const file = await loadSavedRun(path, context, given.events === true);
    if (file.note !== undefined) await context.stderr.write(`note: ${file.name}: ${file.note}\n`);
    const needsEvents = given.format === 'ndjson' || given.events === true;
    if (needsEvents && file.events === undefined) {
      throw new UsageError(`${file.name} has no events in it`, 'save runs by -f ndjson, or -f json --events');
    }
    const output = openOutput(given, context);
    for (const { target, events } of file.events ?? []) {
      for (const event of events) if (event.type !== 'progress') output.onEvent(event, target);
    }
    return output.finish(file.report);
  },
});
