import { number, text } from '../options/option.ts';

/** Where a server of pages or rooms listens. */
export const listenOptions = {
  listen: text({ group: 'Network', placeholder: 'ADDR', help: 'serve on this address (default: 127.0.0.1)' }),
  port: number({
    group: 'Network',
    placeholder: 'N',
    min: 0,
    max: 65_535,
    whole: true,
    help: 'serve on this port (default: 0, a free one)',
  }),
} as const;
