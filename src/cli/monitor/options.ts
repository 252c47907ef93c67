import { choice, number, repeatable, text } from '../options/option.ts';

/** When and how targets are watched, and who hears of it. */
export const monitorOptions = {
  interval: number({
    group: 'Schedule',
    placeholder: 'SECONDS',
    min: 0,
    max: 86_400,
    unit: ' of seconds',
    help: 'from one run to the next, for targets without a schedule (default: 60); 0: only when /probe asks',
  }),
  jitter: number({
    group: 'Schedule',
    placeholder: 'SECONDS',
    min: 0,
    max: 86_400,
    unit: ' of seconds',
    help: 'shift each run by up to this much, at random (default: a tenth of the interval)',
  }),
  concurrency: number({
    group: 'Schedule',
    placeholder: 'N',
    min: 1,
    max: 1000,
    whole: true,
    help: 'test no more targets than this at a time',
  }),
  confirm: number({
    group: 'Schedule',
    placeholder: 'N',
    min: 1,
    max: 100,
    whole: true,
    help: 'tell a change once this many runs in a row agree (default: 1)',
  }),
  listen: text({ group: 'Endpoint', placeholder: 'ADDR', help: 'serve on this address (default: 127.0.0.1)' }),
  port: number({
    group: 'Endpoint',
    placeholder: 'N',
    min: 0,
    max: 65_535,
    whole: true,
    help: 'serve on this port (default: 13478); 0: a free one, printed',
  }),
  host: repeatable(
    text({
      group: 'Endpoint',
      placeholder: 'NAME',
      help: 'answer to this name too, beside addresses and our own name',
    }),
  ),
  format: choice(['pretty', 'ndjson'], { group: 'Output', alias: 'f', help: 'of the log (default: pretty)' }),
  output: text({
    group: 'Output',
    alias: 'o',
    placeholder: 'FILE',
    isFile: true,
    help: 'add the log to a file; SIGHUP opens it anew',
  }),
  webhook: text({
    group: 'Output',
    placeholder: 'URL',
    help: 'post each change there as JSON (ICEPROBE_WEBHOOK keeps a token in it private)',
  }),
  'webhook-secret-file': text({
    group: 'Output',
    placeholder: 'FILE',
    isFile: true,
    help: 'sign what is posted with the first line of a file (ICEPROBE_WEBHOOK_SECRET)',
  }),
} as const;
